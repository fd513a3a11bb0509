/**
 * Objects put and got in process, beside the least that is atomic and durable (write, fsync, rename, fsync of the directory) and a
 * plain read of the same files. Both take turns in the same directory tree, and the median of the rounds counts.
 */
import { randomBytes } from 'node:crypto'
import { mkdir, open, rename } from 'node:fs/promises'
import { join } from 'node:path'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { bundled } from './bundle.mjs'
import { median, objectCases, objectRate, timed } from './figures.mjs'
import { inTempDir } from './processes.mjs'

const goal = 0.7
const never = new AbortController().signal
const cases = objectCases({ alone: 300, together: 1_600 })

export async function storageBench({ add, quick }) {
  const { openStorageFs } = await bundled('src/main/adapters/storage-fs/storage-fs.ts')
  await inTempDir(async (directory) => {
    const storage = openStorageFs(join(directory, 'storage'))
    await storage.ensureBucket('bench', never)
    const plain = join(directory, 'plain')
    await mkdir(plain)
    for (const each of cases) await measure(storage, plain, each, quick ? 3 : 7, add)
    await storage.close()
  })
}

async function measure(storage, plain, { name, size, parallel, count }, rounds, add) {
  const bytes = randomBytes(size)
  const key = (i) => `dir/${size}-${i}.bin`
  const puts = { ours: [], least: [] }
  const gets = { ours: [], least: [] }
  const delay = monitorEventLoopDelay({ resolution: 1 })
  for (let round = 0; round < rounds; round++) {
    delay.enable()
    puts.ours.push(await timed(parallel, count, (i) => storage.put('bench', key(i), chunksOf(bytes), {}, never)))
    gets.ours.push(await timed(parallel, count, async (i) => drain((await storage.get('bench', key(i), {}, never)).body)))
    delay.disable()
    puts.least.push(await timed(parallel, count, (i) => leastPut(plain, `${size}-${i}.bin`, bytes)))
    gets.least.push(await timed(parallel, count, (i) => leastGet(join(plain, `${size}-${i}.bin`))))
  }
  for (const [what, { ours, least }] of Object.entries({ put: puts, get: gets })) {
    const ratio = median(least) / median(ours)
    add(`storage: ${what}, ${name}`, `${objectRate(size, count, median(ours))} = ${ratio.toFixed(2)}×`, `≥ ${goal}×`, ratio >= goal)
  }
  const p99 = delay.percentile(99) / 1e6
  add('  event loop, p99 delay', `${p99.toFixed(1)} ms`, '≤ 20 ms', p99 <= 20)
}

/** As a client of the port sends it: in pieces. */
async function* chunksOf(bytes) {
  for (let at = 0; at < bytes.length; at += 256 * 1024) yield bytes.subarray(at, at + 256 * 1024)
}

async function drain(body) {
  for await (const _ of body);
}

async function leastPut(directory, name, bytes) {
  const temporary = join(directory, `${name}.tmp`)
  const file = await open(temporary, 'w')
  await file.writeFile(bytes)
  await file.sync()
  await file.close()
  await rename(temporary, join(directory, name))
  const folder = await open(directory, 'r')
  await folder.sync()
  await folder.close()
}

/** A plain read in pieces of the same size; what is read is thrown away. */
async function leastGet(path) {
  const file = await open(path, 'r')
  const { size } = await file.stat()
  for (let at = 0; at < size; ) {
    const { bytesRead } = await file.read(Buffer.allocUnsafeSlow(Math.min(256 * 1024, size - at)), 0, undefined, at)
    at += bytesRead
  }
  await file.close()
}
