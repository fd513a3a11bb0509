import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { openJournal } from '../../../../../src/main/adapters/journal-sqlite/journal-sqlite'
import { runUntilKilled } from '../../../../support/killed'

const child = fileURLToPath(new URL('./crash-child.mjs', import.meta.url))

/** What a run said before it was killed: only calls that had resolved. */
interface Said {
  readonly begun: readonly number[]
  readonly closed: readonly { readonly id: number; readonly event: string }[]
}

let directory: string
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'thatdam-journal-crash-'))
})
afterEach(() => rmSync(directory, { recursive: true }))

/** Let the child work on `file` until it has said `lines` lines, then kill it with no chance to clean up. */
async function killAfter(lines: number, file: string, run: number, signal: AbortSignal): Promise<Said> {
  const begun: number[] = []
  const closed: { id: number; event: string }[] = []
  for (const line of await runUntilKilled([child, file, String(run)], lines, signal)) {
    const [verb, id, event] = line.split(' ')
    if (verb === 'begun') begun.push(Number(id))
    if (verb === 'closed' && event?.endsWith(`-${id}`)) closed.push({ id: Number(id), event })
  }
  return { begun, closed }
}

it('loses nothing that resolved, and finds what was open, however often the process is killed', { timeout: 120_000 }, async ({
  signal,
}) => {
  const file = join(directory, 'node.db')
  for (const [run, lines] of [1, 10, 80, 300, 700].entries()) {
    const { begun, closed } = await killAfter(lines, file, run, signal)
    const journal = openJournal(file)
    const before = new Map((await journal.entries(100_000)).map((entry) => [entry.id, entry]))
    const events = new Set((await journal.unsent(100_000)).map((event) => event.event_id))

    for (const { id, event } of closed) {
      expect(before.get(id)?.closing?.outcome).toBe('done')
      expect(events.has(event)).toBe(true)
    }
    for (const id of begun) expect(before.has(id)).toBe(true)
    // A closing and its event are one commit, so there are exactly as many of the one as of the other.
    const done = [...before.values()].filter((entry) => entry.closing?.outcome === 'done')
    expect(new Set(done.map((entry) => `${entry.name.slice(0, -2)}-${entry.id}`))).toEqual(events)

    const open = [...before.values()].filter((entry) => entry.closing === null).map((entry) => entry.id)
    const found = await journal.recover('2026-03-02T00:00:00.000Z')
    expect(found.map((entry) => entry.id)).toEqual(open.sort((a, b) => a - b))
    expect((await journal.entries(100_000)).every((entry) => entry.closing !== null)).toBe(true)
    await journal.shutdown()
  }
})
