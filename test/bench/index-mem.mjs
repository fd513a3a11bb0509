/**
 * Exact search in the embedded index, as a program in the same process has it: the ten nearest of vectors of 384 random numbers. The
 * limit is a read of the same bytes from one end to the other by the same kind of code in the same run; it drifts with what else the
 * machine does, so both take turns, and the median counts.
 */
import { join } from 'node:path'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { bundled, inDirectory, median, quantile } from './bundle.mjs'

const dimension = 384
const k = 10
const never = new AbortController().signal
const workerFile = join(import.meta.dirname, '../../out/main/index-worker.js')

export async function indexBench({ add, quick }) {
  const { openIndexMem } = await bundled('src/main/adapters/index-mem/index-mem.ts')
  for (const count of [10_000, 100_000]) await inDirectory((directory) => overPort(openIndexMem, directory, count, quick, add))
  await tiers(quick, add)
}

/** Through the port and its worker: what a program waits for. */
async function overPort(openIndexMem, directory, count, quick, add) {
  const name = `${count / 1000}k × ${dimension}`
  const random = randomVectors(1)
  const delay = monitorEventLoopDelay({ resolution: 1 })
  let index = openIndexMem(directory, { workerFile })
  await index.ensureClass(
    { name: 'Bench', vectorizer: 'none', distance: 'cosine', search: 'exact', properties: [{ name: 'n', type: 'int' }], tenants: [] },
    never,
  )
  const objects = Array.from({ length: count }, (_, i) => ({ id: `object-${i}`, vector: random(), metadata: { n: i % 10 } }))
  delay.enable()
  const started = performance.now()
  for (let at = 0; at < count; at += 1_000) await index.batch('Bench', objects.slice(at, at + 1_000), never)
  add(`index: batches of 1,000, ${name}`, `${Math.round(count / ((performance.now() - started) / 1000))}/s`, '')
  await index.close()
  index = openIndexMem(directory, { workerFile })
  const opened = performance.now()
  await index.query('Bench', { vector: random(), k }, never)
  add(`  load and first query`, `${Math.round(performance.now() - opened)} ms`, '')
  const queries = quick ? 50 : 200
  for (const [what, filter] of Object.entries({
    'exact top 10': undefined,
    '  with a filter that keeps a tenth': { field: 'n', op: 'eq', value: 3 },
  })) {
    const times = []
    for (let i = 0; i < queries; i++) {
      const vector = random()
      const asked = performance.now()
      await index.query('Bench', { vector, k, ...(filter === undefined ? {} : { filter }) }, never)
      times.push(performance.now() - asked)
    }
    add(`${filter === undefined ? 'index: ' : ''}${what}, ${name}`, `p50 ${ms(median(times))}, p95 ${ms(quantile(times, 0.95))}`, '')
  }
  delay.disable()
  const { vectors, bytes } = await index.memory()
  add('  memory it reports', `${(bytes / 1e6).toFixed(0)} MB for ${vectors} vectors`, '')
  const p99 = delay.percentile(99) / 1e6
  add('  event loop of the main thread, p99 delay', `${p99.toFixed(1)} ms`, '≤ 20 ms', p99 <= 20)
  await index.close()
}

/** The two scans beside the limit, in this thread, in turns. */
async function tiers(quick, add) {
  const { partition } = await bundled('src/main/adapters/index-mem/partition.ts')
  const { newKernel, reserve } = await bundled('src/main/adapters/index-mem/kernel/kernel.ts')
  const count = 100_000
  const random = randomVectors(2)
  const scans = {
    float32: partition(dimension, count, { quickFrom: Number.POSITIVE_INFINITY }),
    'int8, scored anew': partition(dimension, count, { quickFrom: 0 }),
  }
  for (let i = 0; i < count; i++) {
    const vector = random()
    for (const scan of Object.values(scans)) scan.set(`object-${i}`, vector, '{}')
  }
  const limit = reader(newKernel(), reserve, count * dimension * 4)
  const times = { limit: [], float32: [], 'int8, scored anew': [] }
  for (let i = 0; i < (quick ? 30 : 100); i++) {
    const query = random()
    times.limit.push(timed(limit))
    for (const [name, scan] of Object.entries(scans)) times[name].push(timed(() => scan.search(k, 'cosine', query, undefined)))
  }
  add('index: read of 100k × 384 float32 (limit)', ms(median(times.limit)), '')
  for (const [name, goal] of Object.entries({ float32: 1.2, 'int8, scored anew': 0.5 })) {
    const ratio = median(times[name]) / median(times.limit)
    add(`  ${name} scan`, `p50 ${ms(median(times[name]))} = ${ratio.toFixed(2)}×`, `≤ ${goal}×`, ratio <= goal)
  }
}

/** The least that reads every byte: a dot product with one number of each block would skip some, so all are summed. */
function reader(kernel, reserve, bytes) {
  reserve(kernel, bytes + 65_536)
  // Memory that nobody wrote to is one page of zeros, which is read from the cache.
  new Float32Array(kernel.memory.buffer).fill(1)
  const rowBytes = dimension * 4
  return () => kernel.dot_f32(0, 65_536, rowBytes, Math.floor(bytes / rowBytes), 0)
}

function timed(work) {
  const started = performance.now()
  work()
  return performance.now() - started
}

/** Of length 1, and the same ones for the same seed. */
function randomVectors(seed) {
  let state = seed
  const next = () => {
    state = (state * 1664525 + 1013904223) % 2 ** 32
    return state / 2 ** 32 - 0.5
  }
  return () => {
    const vector = Float32Array.from({ length: dimension }, () => next() + next() + next())
    const length = Math.hypot(...vector)
    return vector.map((value) => value / length)
  }
}

const ms = (value) => `${value.toFixed(value < 10 ? 2 : 1)} ms`
