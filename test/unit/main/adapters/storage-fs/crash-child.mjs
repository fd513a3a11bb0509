// Works on the storage in the directory given until it is killed: puts, deletes, restores and deletes of single versions, each worker on
// keys of its own, one call at a time. Says on standard output what it is about to do, and what the storage has acknowledged.
import { createHash, randomBytes } from 'node:crypto'
import { fileURLToPath } from 'node:url'
import { runnerImport } from 'vite'
import { printLine } from '../../../../support/print-line.mjs'

const [root] = process.argv.slice(2)
const source = fileURLToPath(new URL('../../../../../src/main/adapters/storage-fs/storage-fs.ts', import.meta.url))
const { module } = await runnerImport(source, { configFile: false, logLevel: 'error' })
const storage = module.openStorageFs(root)
const { signal } = new AbortController()

const say = (what) => printLine(`${JSON.stringify(what)}`)
const below = (limit) => Math.floor(Math.random() * limit)
const pick = (list) => list[below(list.length)]

async function* inPieces(content) {
  for (let at = 0; at < content.length; at += 64 * 1024) yield content.subarray(at, at + 64 * 1024)
}

/** The versions of a key that have a content. */
async function contentsOf(bucket, key) {
  const { versions } = await storage.versions(bucket, { key }, signal)
  return versions.filter(({ deleteMarker }) => !deleteMarker)
}

function put(bucket, key) {
  const content = randomBytes(below(10) === 0 ? 500_000 : below(20_000))
  const etag = createHash('sha256').update(content).digest('hex')
  return [{ act: 'put', etag }, () => storage.put(bucket, key, inPieces(content), {}, signal)]
}

async function choose(bucket, key) {
  const dice = Math.random()
  if (dice < 0.5) return put(bucket, key)
  if (dice < 0.7) return [{ act: 'delete' }, () => storage.delete(bucket, key, {}, signal)]
  const version = bucket === 'kept' ? pick(await contentsOf(bucket, key)) : undefined
  if (version === undefined) return put(bucket, key)
  if (dice < 0.85) return [{ act: 'put', etag: version.etag }, () => storage.restore(bucket, key, version.version, signal)]
  return [{ act: 'delete-version', version: version.version }, () => storage.delete(bucket, key, { version: version.version }, signal)]
}

async function work(worker) {
  for (;;) {
    const bucket = pick(['kept', 'kept', 'plain'])
    const key = `dir-${worker % 3}/${worker}/${below(3)}.bin`
    const [act, run] = await choose(bucket, key)
    say({ begun: { bucket, key, ...act } })
    const { version } = await run()
    say({ done: { bucket, key, ...act, version: act.version ?? version } })
  }
}

await Promise.all(Array.from({ length: 8 }, (_, worker) => work(worker)))
