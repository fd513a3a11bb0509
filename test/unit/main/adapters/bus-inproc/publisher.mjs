// Publishes to the bus in the directory given until it is killed, and prints the id of each message that was acknowledged.
import { randomUUID } from 'node:crypto'
import { runnerImport } from 'vite'
import { printLine } from '../../../../support/print-line.mjs'

const [directory, source] = process.argv.slice(2)
const { module } = await runnerImport(source, { configFile: false, logLevel: 'error' })
const bus = module.openBusInproc(directory, { uuid: randomUUID })
const { signal } = new AbortController()
await bus.ensureExchange('/', { name: 'x', type: 'topic' }, signal)
for (const name of ['one', 'two']) {
  await bus.ensureQueue('/', { name, type: 'classic' }, signal)
  await bus.ensureBinding('/', { exchange: 'x', queue: name, key: 'a.#' }, signal)
}
// Takes a few in hand without settling them, so that a crash also interrupts a consumer.
const held = (await bus.consume('two', { prefetch: 5 }, signal))[Symbol.asyncIterator]()
void held.next()

async function publish() {
  for (;;) {
    const { messageId } = await bus.publish('x', 'a.b', { body: new Uint8Array(500), headers: { from: String(process.pid) } }, signal)
    printLine(messageId)
  }
}
await Promise.all([publish(), publish(), publish(), publish()])
