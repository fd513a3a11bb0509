// Writes to the index in the directory given until it is killed: upserts, deletes and batches side by side. Prints what it is about to
// do, in small letters, and in capitals what the index has acknowledged. Of each object only one write is under way at a time.
import { runnerImport } from 'vite'
import { printLine } from '../../../../support/print-line.mjs'

const [directory, source, workerFile, round] = process.argv.slice(2)
const { module } = await runnerImport(source, { configFile: false, logLevel: 'error' })
const index = module.openIndexMem(directory, { workerFile })
const { signal } = new AbortController()
/** One line, whole or not at all: it is shorter than what a pipe takes at once. Waits where the pipe is full. */
function say(letter, what, version) {
  for (;;) {
    try {
      printLine(`${letter} ${version} ${what} .`)
      return
    } catch (error) {
      if (error.code !== 'EAGAIN') throw error
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1)
    }
  }
}

const properties = [{ name: 'version', type: 'int' }]
await index.ensureClass({ name: 'Asset', vectorizer: 'none', distance: 'dot', search: 'exact', properties, tenants: [] }, signal)
// Below 2^24, so that float32 holds each exactly.
let version = Number(round) * 100_000
const objectOf = (id, version) => ({ id, vector: new Float32Array(200).fill(version), metadata: { version } })

async function upserts(name) {
  for (;;) {
    const [id, now] = [`${name}-${Math.floor(Math.random() * 40)}`, ++version]
    if (Math.random() < 0.3) {
      say('d', id, now)
      await index.delete('Asset', id, undefined, signal)
      say('D', id, now)
    } else {
      say('u', id, now)
      await index.upsert('Asset', objectOf(id, now), signal)
      say('U', id, now)
    }
  }
}

async function batches(name) {
  for (;;) {
    const now = ++version
    const ids = Array.from({ length: 1 + Math.floor(Math.random() * 1_200) }, (_, number) => `${name}-${number}`)
    say('u', `${name}*${ids.length}`, now)
    const answers = await index.batch(
      'Asset',
      ids.map((id) => objectOf(id, now)),
      signal,
    )
    if (answers.some(({ error }) => error !== undefined)) throw new Error('an object was refused')
    say('U', `${name}*${ids.length}`, now)
  }
}

async function queries() {
  for (;;) await index.query('Asset', { vector: new Float32Array(200).fill(1), k: 5 }, signal)
}

await Promise.all([upserts('a'), upserts('b'), batches('many'), queries()])
