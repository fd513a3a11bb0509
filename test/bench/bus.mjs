/**
 * Durable publish and consume of the embedded bus, and where a RabbitMQ server is installed the same through raw amqplib on it, in
 * the same run: both do what a program does that wants its messages kept, with 1,000 publishes in flight, and 200 deliveries
 * unacknowledged. Each has the machine for itself: a broker goes on working for seconds after its last message, and would be measured
 * along. The median of several rounds counts.
 */
import { randomUUID } from 'node:crypto'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { setImmediate } from 'node:timers/promises'
import { bundled } from './bundle.mjs'
import { median } from './figures.mjs'
import { inTempDir } from './processes.mjs'
import { openRabbit } from './rabbitmq.mjs'

const publishWindow = 1_000
const prefetch = 200
const goals = { 200: 5, 4096: 3 }

/** `add(figure, value, goal, met)` takes each row of the table. */
export async function busBench({ add, quick }) {
  const sizes = Object.keys(goals).map(Number)
  const rounds = quick ? 3 : 5
  const total = quick ? 20_000 : 50_000
  const { openBusInproc } = await bundled('src/main/adapters/bus-inproc/bus-inproc.ts')
  const ours = new Map()
  for (const size of sizes) {
    ours.set(size, await repeat(rounds, () => inTempDir((directory) => embedded(openBusInproc, directory, size, total))))
  }
  const theirs = new Map()
  const rabbit = await openRabbit()
  try {
    if (rabbit !== undefined) {
      for (const size of sizes) theirs.set(size, await repeat(rounds, () => rabbit.measure(size, total, { publishWindow, prefetch })))
    }
  } finally {
    await rabbit?.close()
  }
  for (const size of sizes) report(size, ours.get(size), theirs.get(size), add)
}

async function repeat(rounds, work) {
  const results = []
  for (let round = 0; round < rounds; round++) results.push(await work())
  return results
}

function report(size, ours, theirs, add) {
  const name = size < 1_024 ? `${size} B` : `${size / 1_024} KiB`
  const goal = goals[size]
  for (const what of ['publish', 'consume']) {
    const value = median(ours.map((one) => one[what]))
    add(`bus: durable ${what}, ${name}`, `${perSecond(value)}`, '')
    if (theirs === undefined) {
      add('  against RabbitMQ', 'no server is installed here', `≥ ${goal}×`)
      continue
    }
    const baseline = median(theirs.map((one) => one[what]))
    const ratio = value / baseline
    add(`  against RabbitMQ through amqplib (${perSecond(baseline)})`, `${ratio.toFixed(1)}×`, `≥ ${goal}×`, ratio >= goal)
  }
  const delay = median(ours.map((one) => one.delay))
  add(`  event-loop delay p99 meanwhile`, `${delay.toFixed(1)} ms`, '≤ 20 ms', delay <= 20)
}

async function embedded(openBusInproc, directory, size, total) {
  const bus = openBusInproc(directory, { uuid: randomUUID })
  const { signal } = new AbortController()
  const delay = monitorEventLoopDelay({ resolution: 1 })
  try {
    await bus.ensureExchange('/', { name: 'bench', type: 'topic' }, signal)
    await bus.ensureQueue('/', { name: 'bench', type: 'classic' }, signal)
    await bus.ensureBinding('/', { exchange: 'bench', queue: 'bench', key: 'a.#' }, signal)
    const body = Buffer.alloc(size, 1)
    delay.enable()
    const published = performance.now()
    let sent = 0
    const publisher = async () => {
      while (sent < total) {
        sent += 1
        await bus.publish('bench', 'a.b', { body }, signal)
      }
    }
    await Promise.all(Array.from({ length: publishWindow }, publisher))
    const publish = total / ((performance.now() - published) / 1_000)
    await setImmediate()

    const consumed = performance.now()
    const subscription = await bus.consume('bench', { prefetch }, signal)
    let settled = 0
    const all = Promise.withResolvers()
    const acknowledge = async (delivery) => {
      await subscription.settle(delivery, 'ack')
      settled += 1
      if (settled === total) all.resolve()
    }
    const read = async () => {
      for await (const { delivery } of subscription) acknowledge(delivery).catch(all.reject)
    }
    const reading = read()
    await all.promise
    const consume = total / ((performance.now() - consumed) / 1_000)
    delay.disable()
    await subscription.close()
    await reading
    return { publish, consume, delay: delay.percentile(99) / 1e6 }
  } finally {
    await bus.close()
  }
}

const perSecond = (value) => `${Math.round(value).toLocaleString('en')}/s`
