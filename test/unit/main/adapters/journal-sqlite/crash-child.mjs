/**
 * Works on a journal until it is killed, and says on standard output what has resolved: `begun ID` and `closed ID EVENT`.
 * Several workers run at once, so that commits are shared. Arguments: the journal's file, the number of this run.
 */
import { fileURLToPath } from 'node:url'
import { runnerImport } from 'vite'

const [file, run] = process.argv.slice(2)
const source = fileURLToPath(new URL('../../../../../src/main/adapters/journal-sqlite/journal-sqlite.ts', import.meta.url))
const { module } = await runnerImport(source)
const journal = module.openJournal(file)

for (const { id } of await journal.recover('2026-03-01T12:00:00.000Z')) process.stdout.write(`found ${id}\n`)
await Promise.all(Array.from({ length: 8 }, (_, worker) => work(worker)))

async function work(worker) {
  for (let round = 0; ; round++) {
    const name = `${run}-${worker}-${round}`
    const ids = await journal.begin([stepFor(`${name}-a`), stepFor(`${name}-b`)])
    for (const id of ids) process.stdout.write(`begun ${id}\n`)
    for (const id of ids) {
      const closing = { outcome: 'done', at: '2026-03-01T12:00:01.000Z', attempts: 1 }
      await journal.close([{ id, closing }], [eventFor(`${name}-${id}`)])
      process.stdout.write(`closed ${id} ${name}-${id}\n`)
    }
  }
}

function stepFor(name) {
  return {
    component: 'storage',
    kind: 'bucket',
    name,
    backend: 'embedded',
    address: '',
    makes: true,
    action: 'create',
    generation: 'g1',
    desiredHash: `hash of ${name}`,
    pass: Number(run),
    at: '2026-03-01T12:00:00.000Z',
  }
}

function eventFor(id) {
  return {
    event_id: id,
    node_id: '0e2f63e8-6a4c-4a3f-9d3b-5f3a4f6c7d10',
    component: 'storage',
    action: 'create',
    status: 'ok',
    generation: 'g1',
    at: '2026-03-01T12:00:01.000Z',
    idempotency_key: id,
  }
}
