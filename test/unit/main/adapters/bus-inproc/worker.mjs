// Works on the bus in the directory given until it is killed: publishes with and without a TTL, small and large, and settles what it
// consumes in every way. Prints what it is about to do, in small letters, and in capitals what the bus has acknowledged.
import { randomUUID } from 'node:crypto'
import { runnerImport } from 'vite'
import { printLine } from '../../../../support/print-line.mjs'

const [directory, source] = process.argv.slice(2)
const { module } = await runnerImport(source, { configFile: false, logLevel: 'error' })
const bus = module.openBusInproc(directory, { uuid: randomUUID })
const { signal } = new AbortController()
const say = (what, id) => printLine(`${what} ${id}`)

await bus.ensureExchange('/', { name: 'dlx', type: 'fanout' }, signal)
for (const name of ['work', 'dead']) await bus.ensureQueue('/', { name, type: 'classic' }, signal)
await bus.ensureQueuePolicy('/', 'work', { ttl: 0, dlx: 'dlx' }, signal)
await bus.ensureBinding('/', { exchange: 'dlx', queue: 'dead', key: '' }, signal)

async function publish() {
  for (;;) {
    const id = randomUUID()
    const size = Math.random() < 0.5 ? Math.floor(Math.random() * 700) : 700 + Math.floor(Math.random() * 6_000)
    const ttlMs = Math.random() < 0.3 ? Math.floor(Math.random() * 20) : undefined
    const body = Buffer.alloc(size, id)
    await bus.publish('', 'work', { body, idempotencyKey: id, headers: { size: String(size) }, ttlMs }, signal)
    say(ttlMs === undefined ? 'P' : 'T', id)
  }
}

/** Each way to settle, with the share of the messages that are settled so. */
async function consume(queue, ways) {
  const subscription = await bus.consume(queue, { prefetch: 25 }, signal)
  const settle = async (delivery, id, letter, as) => {
    say(letter, id)
    await subscription.settle(delivery, as)
    say(letter.toUpperCase(), id)
  }
  for await (const { delivery, idempotencyKey } of subscription) {
    let dice = Math.random()
    const way = ways.find(({ share }) => {
      dice -= share
      return dice < 0
    })
    if (way !== undefined) void settle(delivery, idempotencyKey, way.letter, way.as)
  }
}

void consume('work', [
  { share: 0.5, letter: 'a', as: 'ack' },
  { share: 0.25, letter: 'r', as: 'reject' },
  { share: 0.2, letter: 'q', as: 'requeue' },
])
void consume('dead', [{ share: 0.9, letter: 'd', as: 'ack' }])
await Promise.all([publish(), publish(), publish(), publish(), publish(), publish()])
