/**
 * What the node costs, beside a baseline measured in the same run: figures mean little, ratios something.
 * `npm run bench` takes about ten minutes; `npm run bench -- quick` makes fewer rounds. Name what to measure to leave out the rest:
 * `npm run bench -- node storage bus index data-plane real`.
 */

import { spawn } from 'node:child_process'
import { cpus } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'
import { median } from './figures.mjs'
import { cpuOf, diskWritesOf, inTempDir, memoryOf, startNode, timeProcess } from './processes.mjs'
import { profileOf } from './profiles.mjs'

const quick = process.argv.includes('quick')
const idleSeconds = quick ? 10 : 60
const rounds = quick ? 5 : 15
const rows = []

function add(figure, value, goal, met) {
  rows.push({ figure, value, goal, met: met === undefined ? '' : met ? 'yes' : 'NO' })
}

const ms = (value) => `${value.toFixed(value < 10 ? 1 : 0)} ms`

async function coldStart() {
  const base = []
  const fresh = []
  const again = []
  for (let i = 0; i < rounds; i++) {
    base.push(await timeProcess(['-e', '0']))
    await inTempDir(async (directory) => {
      for (const list of [fresh, again]) {
        const node = await startNode(`${directory}/data`)
        list.push(node.convergedMs)
        await node.stop()
      }
    })
  }
  const baseline = median(base)
  add('node -e 0 (baseline)', ms(baseline), '')
  for (const [name, list] of Object.entries({ 'new directory': fresh, 'converged directory': again })) {
    const ratio = median(list) / baseline
    add(`cold start to converged, ${name}`, `${ms(median(list))} = ${ratio.toFixed(1)}×`, '≤ 10×', ratio <= 10)
  }
}

async function thousandResources() {
  await inTempDir(async (directory) => {
    const node = await startNode(`${directory}/data`)
    const text = profileOf(1000)
    const started = performance.now()
    const first = await node.call('apply', { profile: { text } })
    const { resources } = await node.call('status')
    add(`first apply of ${resources} resources`, `${ms(performance.now() - started)}, ${first.applied} applied`, '')
    const passes = []
    const requests = []
    await sleep(500)
    const before = diskWritesOf(node.pid)
    for (let i = 0; i < 20; i++) {
      const asked = performance.now()
      await node.call('apply')
      requests.push(performance.now() - asked)
      passes.push((await node.call('status')).pass.duration_ms)
    }
    await sleep(500)
    const written = diskWritesOf(node.pid) - before
    add(
      `no-op pass over ${resources} resources`,
      `${ms(median(passes))} (request to answer ${ms(median(requests))})`,
      '≤ 50 ms',
      median(passes) <= 50,
    )
    add('  written to disk by 20 of them', `${written} bytes`, '0', written === 0)
    await node.stop()
  })
}

async function idle() {
  await inTempDir(async (directory) => {
    const bare = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1e9)'], { stdio: 'ignore' })
    const node = await startNode(`${directory}/data`)
    const cpuBefore = cpuOf(node.pid)
    await sleep(idleSeconds * 1000)
    const cpu = (cpuOf(node.pid) - cpuBefore) / (idleSeconds * 10)
    const memory = memoryOf(node.pid)
    const baseline = memoryOf(bare.pid)
    bare.kill()
    await node.stop()
    add('bare node, resident (baseline)', `${baseline.toFixed(0)} MB`, '')
    add(
      `headless node, idle for ${idleSeconds} s, resident`,
      `${memory.toFixed(0)} MB = ${(memory / baseline).toFixed(2)}×`,
      '≤ 2×',
      memory / baseline <= 2,
    )
    add('  processor', `${cpu.toFixed(2)} % of one core`, '')
  })
}

const all = {
  async node() {
    await coldStart()
    await thousandResources()
    await idle()
  },
  storage: async () => (await import('./storage.mjs')).storageBench({ add, quick }),
  bus: async () => (await import('./bus.mjs')).busBench({ add, quick }),
  index: async () => (await import('./index-mem.mjs')).indexBench({ add, quick }),
  real: async () => (await import('./real.mjs')).realBench({ add, quick }),
  'data-plane': async () => (await import('./data-plane.mjs')).dataPlaneBench({ add, quick }),
}

const named = process.argv.slice(2).filter((name) => name !== 'quick')
const unknown = named.find((name) => !Object.hasOwn(all, name))
if (unknown !== undefined) throw new Error(`there is nothing to measure by the name of ${unknown}: ${Object.keys(all).join(', ')}`)
for (const [name, run] of Object.entries(all)) if (named.length === 0 || named.includes(name)) await run()
console.log(`Node ${process.versions.node}, ${process.platform} ${process.arch}, ${cpus().length} × ${cpus()[0]?.model ?? 'unknown'}`)
console.table(rows)
