/**
 * Exact search in the embedded index, as a program in the same process has it: the ten nearest of vectors of 384 random numbers. The
 * limit is a read of the same bytes from one end to the other in the same run, in WebAssembly and, where a C compiler is at hand, in C
 * too; it drifts with what else the machine does, so all take turns, and the median counts.
 */
import { execFileSync, spawnSync } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import initWabt from 'wabt'
import { bundled } from './bundle.mjs'
import { median, quantile } from './figures.mjs'
import { inTempDir } from './processes.mjs'

const dimension = 384
const k = 10
const never = new AbortController().signal
const workerFile = join(import.meta.dirname, '../../out/main/index-worker.js')

export async function indexBench({ add, quick }) {
  const { openIndexMem } = await bundled('src/main/adapters/index-mem/index-mem.ts')
  for (const count of [10_000, 100_000]) await inTempDir((directory) => overPort(openIndexMem, directory, count, quick, add))
  await tiers(quick, add)
}

/** Through the port and its worker: what a program waits for, and what it does to the event loop of the main thread meanwhile. */
async function overPort(openIndexMem, directory, count, quick, add) {
  const name = `${count / 1000}k × ${dimension}`
  const random = randomVectors(1)
  let index = openIndexMem(directory, { workerFile })
  await index.ensureClass(
    { name: 'Bench', vectorizer: 'none', distance: 'cosine', search: 'exact', properties: [{ name: 'n', type: 'int' }], tenants: [] },
    never,
  )
  const objects = Array.from({ length: count }, (_, i) => ({ id: randomUUID(), vector: random(), metadata: { n: i % 10 } }))
  await index.upsert('Bench', objects[0], never)
  await watched(add, async () => {
    const started = performance.now()
    for (let at = 0; at < count; at += 10_000) await index.batch('Bench', objects.slice(at, at + 10_000), never)
    add(`index: batches of 10,000, ${name}`, `${Math.round(count / ((performance.now() - started) / 1000))}/s`, '')
  })
  await index.close()
  index = openIndexMem(directory, { workerFile })
  await watched(add, async () => {
    const opened = performance.now()
    await index.query('Bench', { vector: random(), k }, never)
    add(`index: worker started, loaded, first query answered, ${name}`, `${Math.round(performance.now() - opened)} ms`, '')
  })
  const filters = { 'exact top 10': undefined, 'with a filter that keeps a tenth': { field: 'n', op: 'eq', value: 3 } }
  for (const [what, filter] of Object.entries(filters)) {
    const asked = filter === undefined ? { k } : { k, filter }
    await index.query('Bench', { vector: random(), ...asked }, never)
    await watched(add, async () => {
      const times = []
      for (let i = 0; i < (quick ? 50 : 200); i++) {
        const vector = random()
        const started = performance.now()
        await index.query('Bench', { vector, ...asked }, never)
        times.push(performance.now() - started)
      }
      add(`index: ${what}, ${name}`, `p50 ${ms(median(times))}, p95 ${ms(quantile(times, 0.95))}`, '')
    })
  }
  const { vectors, bytes } = await index.memory()
  add('  memory it reports', `${(bytes / 1e6).toFixed(0)} MB for ${vectors} vectors`, '')
  await index.close()
}

async function watched(add, work) {
  const delay = monitorEventLoopDelay({ resolution: 1 })
  delay.enable()
  await work()
  delay.disable()
  const p99 = delay.percentile(99) / 1e6
  add('  event loop of the main thread, p99 delay', `${p99.toFixed(1)} ms`, '≤ 20 ms', p99 <= 20)
}

/** The two scans beside the limit, in this thread, in turns. */
async function tiers(quick, add) {
  const { vectorsIn } = await bundled('src/main/adapters/index-mem/vectors.ts')
  const { arena } = await bundled('src/main/adapters/index-mem/arena.ts')
  const count = 100_000
  const random = randomVectors(2)
  const memory = arena()
  const scans = {
    float32: vectorsIn(memory, 'cosine', dimension, { int8From: Number.POSITIVE_INFINITY }),
    'int8, scored anew': vectorsIn(memory, 'cosine', dimension, { int8From: 0 }),
  }
  for (let row = 0; row < count; row++) {
    const vector = random()
    for (const scan of Object.values(scans)) scan.set(row, vector)
  }
  const limit = await reader(count * dimension * 4)
  const times = { limit: [], float32: [], 'int8, scored anew': [] }
  for (let i = 0; i < (quick ? 30 : 100); i++) {
    const query = random()
    times.limit.push(timed(limit))
    for (const [name, scan] of Object.entries(scans)) times[name].push(timed(() => scan.nearest(query, k)))
  }
  add('index: read of 100k × 384 float32 in WebAssembly (limit)', ms(median(times.limit)), '')
  const inC = await readerInC(count * dimension * 4)
  add('  the same in C', inC === undefined ? 'no C compiler is at hand' : ms(inC), '')
  for (const [name, goal] of Object.entries({ float32: 1.2, 'int8, scored anew': 0.5 })) {
    const ratio = median(times[name]) / median(times.limit)
    add(`  ${name} scan`, `p50 ${ms(median(times[name]))} = ${ratio.toFixed(2)}×`, `≤ ${goal}×`, ratio <= goal)
  }
}

/** The least that reads every byte: 64 of them in each step, combined so that none can be left out. */
async function reader(bytes) {
  const load = (name, at) =>
    `(local.set $${name} (v128.xor (local.get $${name}) (v128.load ${at === 0 ? '' : `offset=${at}`} (local.get $at))))`
  const { parseWat } = await initWabt()
  const module = parseWat(
    'read.wat',
    `(module (memory (export "memory") ${Math.ceil(bytes / 65_536)})
      (func (export "read") (param $end i32) (result i32)
        (local $at i32) (local $a v128) (local $b v128) (local $c v128) (local $d v128)
        (loop $next
          ${load('a', 0)} ${load('b', 16)} ${load('c', 32)} ${load('d', 48)}
          (local.set $at (i32.add (local.get $at) (i32.const 64)))
          (br_if $next (i32.lt_u (local.get $at) (local.get $end))))
        (i32x4.extract_lane 0 (v128.xor (v128.xor (local.get $a) (local.get $b)) (v128.xor (local.get $c) (local.get $d))))))`,
    { simd: true },
  )
  const { memory, read } = new WebAssembly.Instance(new WebAssembly.Module(module.toBinary({}).buffer)).exports
  module.destroy()
  // Memory that nobody wrote to is one page of zeros, which is read from the cache.
  new Uint8Array(memory.buffer).fill(1)
  return () => read(bytes)
}

/** Median of a few reads, in milliseconds; undefined where nothing can compile them. */
async function readerInC(bytes) {
  const compiler = process.env.CC ?? 'cc'
  if (spawnSync(compiler, ['--version']).status !== 0) return undefined
  return inTempDir((directory) => {
    const [source, program] = [join(directory, 'read.c'), join(directory, 'read')]
    writeFileSync(
      source,
      `#include <stdio.h>\n#include <stdlib.h>\n#include <string.h>\n#include <time.h>
      int main(void) {
        size_t count = ${bytes} / 8; unsigned long long *all = malloc(${bytes}), sum = 0;
        memset(all, 1, ${bytes});
        for (int i = 0; i < 31; i++) {
          struct timespec from, to; clock_gettime(CLOCK_MONOTONIC, &from);
          unsigned long long x = 0; for (size_t at = 0; at < count; at++) x ^= all[at];
          clock_gettime(CLOCK_MONOTONIC, &to); sum += x;
          printf("%f\\n", (to.tv_sec - from.tv_sec) * 1e3 + (to.tv_nsec - from.tv_nsec) / 1e6);
        }
        return sum == 42;
      }`,
    )
    execFileSync(compiler, ['-O3', '-march=native', '-o', program, source])
    return median(execFileSync(program, { encoding: 'utf8' }).trim().split('\n').map(Number))
  })
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
