/**
 * Objects over the data plane of a started node, beside the least that does the same: a bare node:http server that streams a body to a
 * file (write, fsync, rename, fsync of the directory) and a file to an answer. Both run as processes of their own, are asked by the
 * same client in turns, and the median of the rounds counts.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { Agent, request as httpRequest } from 'node:http'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { median, objectCases, objectRate, timed } from './figures.mjs'
import { inTempDir, startNode } from './processes.mjs'

const goal = 0.7
const bucket = 'bench'
const profile = `apiVersion: thatdam/v1
kind: EnvironmentProfile
metadata: { name: bench }
spec: { storage: { buckets: [{ name: ${bucket} }] }, indices: { weaviate: { classes: [{ name: Bench, properties: [title] }] } } }
`

const cases = objectCases({ alone: 200, together: 640 })

/** `add(figure, value, goal, met)` takes each row of the table. */
export async function dataPlaneBench({ add, quick }) {
  await inTempDir(async (directory) => {
    const data = join(directory, 'node')
    const bare = join(directory, 'bare')
    await mkdir(bare)
    const node = await startNode(data)
    const least = await startBare(bare)
    try {
      await node.call('apply', { profile: { text: profile } })
      const { url, token } = JSON.parse(readFileSync(join(data, 'node.json'), 'utf8'))
      const ours = clientOf(`${url}/data/storage/${bucket}/`, { authorization: `Bearer ${token}` })
      const theirs = clientOf(`${least.url}/`, {})
      for (const each of cases) await measure(each, ours, theirs, quick ? 3 : 7, add)
      await measureBatch(`${url}/data/index/Bench`, token, add)
    } finally {
      await least.stop()
      await node.stop()
    }
  })
}

async function measure({ name, size, parallel, count }, ours, theirs, rounds, add) {
  const body = Buffer.alloc(size, 'thatdam ')
  for (const [what, run] of [
    ['put', (client) => (i) => client.put(`${name}-${i}`, body)],
    ['get', (client) => (i) => client.get(`${name}-${i}`, size)],
  ]) {
    const times = { ours: [], theirs: [] }
    // The first round warms both up and is not counted.
    for (let round = 0; round <= rounds; round++) {
      const taken = { ours: await timed(parallel, count, run(ours)), theirs: await timed(parallel, count, run(theirs)) }
      if (round > 0) for (const who of ['ours', 'theirs']) times[who].push(taken[who])
    }
    const [mine, least] = [median(times.ours), median(times.theirs)]
    const ratio = least / mine
    add(`data plane: ${what} ${name}`, `${objectRate(size, count, mine)} = ${ratio.toFixed(2)}× a bare server`, `≥ ${goal}×`, ratio >= goal)
  }
}

function clientOf(base, headers) {
  const agent = new Agent({ keepAlive: true, maxSockets: 64 })
  const ask = (method, name, body) =>
    new Promise((resolve, reject) => {
      const length = body === undefined ? {} : { 'content-length': body.length }
      const request = httpRequest(base + encodeURIComponent(name), { method, agent, headers: { ...headers, ...length } }, (response) => {
        let size = 0
        response.on('data', (chunk) => {
          size += chunk.length
        })
        response.on('error', reject)
        response.on('end', () =>
          response.statusCode < 300 ? resolve(size) : reject(new Error(`${method} ${name}: ${response.statusCode}`)),
        )
      })
      request.on('error', reject)
      request.end(body)
    })
  return {
    put: (name, body) => ask('PUT', name, body),
    async get(name, size) {
      const got = await ask('GET', name)
      if (got !== size) throw new Error(`${name}: ${got} of ${size} bytes`)
    },
  }
}

/** A batch as large as a body may nearly be, while another client asks for something small: how long that one waits for its turn. */
async function measureBatch(url, token, add) {
  const vector = () => Array.from({ length: 384 }, () => Math.random() - 0.5)
  const objects = Array.from({ length: 5_000 }, (_, i) => ({ id: `object-${i}`, vector: vector(), metadata: { title: 'bench' } }))
  const body = JSON.stringify({ objects })
  const health = new URL('/health', url)
  const waits = []
  let running = true
  const watch = async () => {
    while (running) {
      const asked = performance.now()
      await (await fetch(health)).text()
      waits.push(performance.now() - asked)
    }
  }
  const watching = watch()
  const started = performance.now()
  const response = await fetch(`${url}/batch`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body,
  })
  const { results } = await response.json()
  const seconds = (performance.now() - started) / 1000
  running = false
  await watching
  if (!results.every(({ ok }) => ok)) throw new Error('the batch was refused')
  const longest = Math.max(...waits)
  add(
    `data plane: batch of ${objects.length} × 384 as ${Math.round(body.length / 1e6)} MB of JSON`,
    `${Math.round(objects.length / seconds)}/s`,
    '',
  )
  add('  longest wait of another request meanwhile', `${longest.toFixed(0)} ms`, '')
}

async function startBare(directory) {
  const child = spawn(process.execPath, [join(import.meta.dirname, 'bare-server.mjs'), directory], { stdio: ['ignore', 'pipe', 'inherit'] })
  const [line] = await once(createInterface({ input: child.stdout }), 'line')
  return {
    url: line,
    async stop() {
      const exited = once(child, 'exit')
      child.kill('SIGTERM')
      await exited
    },
  }
}
