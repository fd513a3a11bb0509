import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import type { ObjectStorage } from '../../../../../src/main/core/ports/object-storage'
import { bytesFrom, sha256, signal } from '../../../../conformance/object-storage/tools'
import { runUntilKilled } from '../../../../support/killed'
import { bench } from './tools'

const child = fileURLToPath(new URL('./crash-child.mjs', import.meta.url))
const kills = 24

interface Act {
  readonly bucket: 'kept' | 'plain'
  readonly key: string
  readonly act: 'put' | 'delete' | 'delete-version'
  readonly etag?: string
  readonly version?: string
}

/** A version as the storage tells of it; a delete marker has no etag. Without an id, it was never acknowledged. */
interface Version {
  readonly id?: string | undefined
  readonly etag: string
}

/** What a key holds, newest first. */
type State = readonly Version[]
/** What each key is known to hold, and what a call that was not answered may have made of it. */
type Known = Map<string, { state: State; perhaps?: State }>

const on = bench()

/** What a call makes of a key. Where no versions are kept, a put replaces and a delete leaves nothing. */
function after(state: State, { bucket, act, etag = '', version }: Act, acknowledged: boolean): State {
  const id = acknowledged ? version : undefined
  if (act === 'delete-version') return state.filter((kept) => kept.id !== version)
  if (act === 'put') return [{ id, etag }, ...(bucket === 'kept' ? state : [])]
  if (state[0] === undefined || state[0].etag === '') return state
  return bucket === 'kept' ? [{ id, etag: '' }, ...state] : []
}

/** Let the child work until it has said `lines` lines, then kill it with no chance to clean up. */
async function killAfter(lines: number, known: Known, aborted: AbortSignal): Promise<void> {
  for (const line of await runUntilKilled([child, on.root], lines, aborted)) {
    const said = JSON.parse(line) as { begun?: Act; done?: Act }
    const act = said.done ?? said.begun
    if (act !== undefined) {
      const name = `${act.bucket}/${act.key}`
      const { state } = known.get(name) ?? { state: [] }
      if (said.done === undefined) known.set(name, { state, perhaps: after(state, act, false) })
      else known.set(name, { state: after(state, act, true) })
    }
  }
}

/** What a key holds now. The content of every version is what its etag says. */
async function holds(storage: ObjectStorage, bucket: string, key: string): Promise<Required<Version>[]> {
  const { versions } = await storage.versions(bucket, { key }, signal)
  for (const { version, etag, deleteMarker } of versions) {
    if (deleteMarker) continue
    const { body } = await storage.get(bucket, key, { version }, signal)
    expect(sha256(await bytesFrom(body))).toBe(etag)
  }
  return versions.map(({ version, etag }) => ({ id: version, etag }))
}

/** Whether that is what is there, as far as ids are known. In a bucket that keeps no versions nobody is told one. */
function matches(there: readonly Version[], wanted: State): boolean {
  return (
    there.length === wanted.length &&
    there.every(({ id, etag }, i) => etag === wanted[i]?.etag && (wanted[i]?.id === undefined || wanted[i]?.id === id))
  )
}

it('loses nothing that it acknowledged, and leaves nothing half done, however often the process is killed', { timeout: 300_000 }, async ({
  signal: aborted,
}) => {
  const first = on.open()
  for (const bucket of ['kept', 'plain']) await first.ensureBucket(bucket, signal)
  await first.ensureVersioning('kept', signal)
  await first.close()

  const known: Known = new Map()
  for (let kill = 0; kill < kills; kill++) {
    await killAfter(1 + Math.floor(Math.random() ** 2 * 400), known, aborted)
    const storage = on.open()
    for (const [name, { state, perhaps }] of known) {
      const [bucket = '', ...path] = name.split('/')
      const there = await holds(storage, bucket, path.join('/'))
      expect(there).toSatisfy(() => matches(there, state) || (perhaps !== undefined && matches(there, perhaps)), `${name} as acknowledged`)
      known.set(name, { state: there })
    }
    // The directories hold the files of all this and nothing else, each as the catalogue has it.
    expect(await storage.survey(signal)).toEqual({ adopted: 0, changed: 0, missing: { count: 0, names: [] } })
    const isFile = (content: string) => content !== 'directory'
    const files = ['kept', 'plain'].flatMap((bucket) => Object.values(on.tree(bucket)).filter(isFile))
    const states = [...known].map(([, { state }]) => state)
    expect(files.sort()).toEqual(states.flatMap(([newest]) => newest?.etag || []).sort())
    const old = states.flatMap(([, ...older]) => older.map(({ etag }) => etag).filter((etag) => etag !== ''))
    expect(oldFiles().sort()).toEqual(old.sort())
    expect(on.incoming()).toEqual([])
    await storage.close()
  }

  function oldFiles(): string[] {
    return Object.entries(on.tree('.thatdam'))
      .filter(([path, content]) => path.startsWith('versions') && content !== 'directory')
      .map(([, content]) => content)
  }
})
