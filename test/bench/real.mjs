/**
 * The node on real servers, beside what their own clients do on the same servers in the same run, and the profile that OpenTofu was
 * measured with: 400 buckets, 1 exchange, 300 queues, 300 bindings. Servers that do not run are brought up, and taken
 * down again.
 */
import { spawnSync } from 'node:child_process'
import { randomBytes, randomUUID } from 'node:crypto'
import { join } from 'node:path'
import { managementLogin } from '../../scripts/servers/addresses.mjs'
import { runningAddresses } from '../../scripts/servers/state.mjs'
import { bundled } from './bundle.mjs'
import { median } from './figures.mjs'
import { inTempDir, startNode } from './processes.mjs'
import { plainSite, richSite } from './profiles.mjs'
import { busAgainstClient, indexAgainstClient, storageAgainstClient } from './real-clients.mjs'

const wanted = ['minio', 'rabbitmq', 'weaviate']
/** Seconds that OpenTofu 1.12.6 took on such a machine for the first apply of the plain site. A plan with nothing to do took it 3.4. */
const openTofuApply = 7.6

export async function realBench({ add, quick }) {
  const script = (...args) => {
    const { status } = spawnSync(process.execPath, [join(import.meta.dirname, '../../scripts/servers.mjs'), ...args], { stdio: 'inherit' })
    if (status !== 0) throw new Error(`servers ${args.join(' ')} failed`)
  }
  const before = runningAddresses()
  const lacking = wanted.filter((name) => before[name] === undefined)
  if (lacking.length > 0) script('up', ...lacking)
  try {
    const addresses = runningAddresses()
    await reconcile(
      addresses,
      plainSite,
      { name: '400 buckets, 300 queues and bindings', applyGoal: openTofuApply / 2, planGoal: 190 },
      add,
      quick,
    )
    await reconcile(
      addresses,
      richSite,
      { name: 'the same with versioning, a rule and two tags each, and 100 classes', planGoal: 1_000 },
      add,
      quick,
    )
    await storageAgainstClient(addresses.minio, { add, quick })
    await busAgainstClient(addresses.rabbitmq, { add, quick })
    await indexAgainstClient(addresses.weaviate, { add, quick })
  } finally {
    if (lacking.length > 0) script('down', ...lacking)
  }
}

/** First apply, plans with nothing to do, and how many requests of such a plan would change something. */
async function reconcile(addresses, siteOf, { name, applyGoal, planGoal }, add, quick) {
  const { openProxy } = await bundled('test/support/open-proxy.ts')
  const id = randomBytes(3).toString('hex')
  const vhost = `bench-${id}`
  const text = siteOf(id, vhost)
  const management = managementOf(addresses.rabbitmq)
  await management('PUT', `/vhosts/${vhost}`)
  try {
    await inTempDir(async (directory) => {
      const node = await startNode(`${directory}/data`, envOf(addresses))
      const started = performance.now()
      const { applied, errors } = await node.call('apply', { profile: { text } })
      const seconds = (performance.now() - started) / 1000
      if (errors.length > 0) throw new Error(errors[0].message)
      add(
        `real: first apply, ${name} (${applied} rows)`,
        `${seconds.toFixed(1)} s`,
        applyGoal === undefined ? '' : `≤ ${applyGoal} s, half of OpenTofu's`,
        applyGoal === undefined ? undefined : seconds <= applyGoal,
      )
      const plans = []
      for (let i = 0; i < (quick ? 7 : 20); i++) {
        const asked = performance.now()
        const { summary } = await node.call('plan')
        plans.push(performance.now() - asked)
        if (summary.create + summary.update > 0) throw new Error('the plan has something to do')
      }
      add(`  no-op plan, from request to answer`, `${median(plans).toFixed(0)} ms`, `≤ ${planGoal} ms`, median(plans) <= planGoal)
      await node.stop()

      const proxies = {
        minio: await openProxy(addresses.minio.endpoint),
        management: await openProxy(addresses.rabbitmq.managementUrl),
        amqp: await openProxy(addresses.rabbitmq.url),
        weaviate: await openProxy(addresses.weaviate.url),
      }
      const watched = await startNode(`${directory}/data`, envOf(through(addresses, proxies)))
      const sum = (what) => Object.values(proxies).reduce((total, proxy) => total + what(proxy), 0)
      const [mutatingBefore, requestsBefore] = [sum((one) => one.mutating), sum((one) => one.requests.length)]
      await watched.call('plan')
      const mutating = sum((one) => one.mutating) - mutatingBefore
      add(
        '  requests of one such plan; of them mutating',
        `${sum((one) => one.requests.length) - requestsBefore}; ${mutating}`,
        '0 mutating',
        mutating === 0,
      )
      await watched.stop()
      await Promise.all(Object.values(proxies).map((proxy) => proxy.close()))
    })
  } finally {
    await management('DELETE', `/vhosts/${vhost}`)
    await sweep(addresses, id)
  }
}

function through({ minio, rabbitmq, weaviate }, proxies) {
  return {
    minio: { ...minio, endpoint: proxies.minio.through(minio.endpoint) },
    rabbitmq: { url: proxies.amqp.through(rabbitmq.url), managementUrl: proxies.management.through(rabbitmq.managementUrl) },
    weaviate: { ...weaviate, url: proxies.weaviate.through(weaviate.url) },
  }
}

function envOf({ minio, rabbitmq, weaviate }) {
  return {
    MINIO_ENDPOINT: minio.endpoint,
    MINIO_ACCESS_KEY: minio.accessKey,
    MINIO_SECRET_KEY: minio.secretKey,
    AMQP_URL: rabbitmq.url,
    RABBITMQ_MANAGEMENT_URL: rabbitmq.managementUrl,
    WEAVIATE_URL: weaviate.url,
  }
}

function managementOf({ url, managementUrl }) {
  const authorization = managementLogin({ url, managementUrl })
  return async (method, path) => {
    const response = await fetch(new URL(`/api${path}`, managementUrl), {
      method,
      headers: { authorization, 'content-type': 'application/json' },
      body: method === 'PUT' ? '{}' : undefined,
    })
    if (!response.ok && response.status !== 404) throw new Error(`${method} ${path}: ${response.status}`)
  }
}

/** What a site left on the servers. */
async function sweep({ minio, weaviate }, id) {
  const { openStorageMinio } = await bundled('src/main/adapters/storage-minio/storage-minio.ts')
  const never = new AbortController().signal
  const storage = openStorageMinio({ ...minio, deadlineMs: 10_000, spoolDirectory: '/tmp', uuid: randomUUID })
  const names = Array.from({ length: 400 }, (_, i) => `bucket-${i}-${id}`)
  for (let at = 0; at < names.length; at += 32) {
    await Promise.all(names.slice(at, at + 32).map((name) => storage.removeBucket(name, { contents: true }, never)))
  }
  await storage.close()
  const { classes } = await (await fetch(new URL('/v1/schema', weaviate.url))).json()
  for (const { class: name } of classes)
    if (name.endsWith(id)) await fetch(new URL(`/v1/schema/${name}`, weaviate.url), { method: 'DELETE' })
}
