/** A RabbitMQ server of the bench's own, where one is installed, and what raw amqplib gets out of it. */
import { spawn, spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import amqp from 'amqplib'

/** The server itself: the scripts in the path change the user first. */
const program = '/usr/lib/rabbitmq/bin/rabbitmq-server'
const startDeadline = 60_000

/** A fresh server on free ports with all it has in a temporary directory; undefined where none is installed. */
export async function openRabbit() {
  if (!existsSync(program)) return undefined
  const directory = mkdtempSync(join(tmpdir(), 'thatdam-bench-rabbitmq-'))
  const path = (name) => join(directory, name)
  const [port, dist, epmd] = await freePorts(3)
  for (const name of ['mnesia', 'log', 'home']) mkdirSync(path(name))
  writeFileSync(path('home/.erlang.cookie'), randomBytes(24).toString('hex'), { mode: 0o400 })
  writeFileSync(path('enabled_plugins'), '[].')
  writeFileSync(path('rabbitmq-env.conf'), '')
  writeFileSync(
    path('rabbitmq.conf'),
    `listeners.tcp.default = 127.0.0.1:${port}\ndisk_free_limit.absolute = 50MB\nvm_memory_high_watermark.absolute = 1GiB\n`,
  )
  const env = {
    ...process.env,
    HOME: path('home'),
    LANG: 'C.UTF-8',
    RABBITMQ_NODENAME: `bench${port}@localhost`,
    RABBITMQ_CONFIG_FILE: path('rabbitmq.conf'),
    RABBITMQ_CONF_ENV_FILE: path('rabbitmq-env.conf'),
    RABBITMQ_ENABLED_PLUGINS_FILE: path('enabled_plugins'),
    RABBITMQ_MNESIA_BASE: path('mnesia'),
    RABBITMQ_LOG_BASE: path('log'),
    RABBITMQ_PID_FILE: path('pid'),
    RABBITMQ_DIST_PORT: String(dist),
    RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS: '-kernel inet_dist_use_interface {127,0,0,1}',
    ERL_EPMD_PORT: String(epmd),
    ERL_EPMD_ADDRESS: '127.0.0.1',
  }
  const server = spawn(program, { cwd: directory, env, stdio: 'ignore' })
  const exited = once(server, 'exit')

  async function close() {
    // The data is thrown away, so there is nothing to stop in good order.
    if (existsSync(path('pid'))) process.kill(Number(readFileSync(path('pid'), 'utf8')), 'SIGKILL')
    else server.kill('SIGKILL')
    await exited
    spawnSync('epmd', ['-kill'], { env, stdio: 'ignore' })
    rmSync(directory, { recursive: true, force: true })
  }

  const url = `amqp://guest:guest@127.0.0.1:${port}`
  try {
    await (await connected(url)).close()
  } catch (error) {
    await close()
    throw error
  }
  return { measure: (size, total, options) => measure(url, size, total, options), close }
}

async function connected(url) {
  const started = performance.now()
  for (;;) {
    try {
      return await amqp.connect(url, { noDelay: true })
    } catch (error) {
      if (performance.now() - started > startDeadline) throw error
      await sleep(200)
    }
  }
}

/** Messages a second: published with confirms, and consumed with acks. */
async function measure(url, size, total, { publishWindow, prefetch }) {
  const connection = await amqp.connect(url, { noDelay: true })
  const channel = await connection.createConfirmChannel()
  try {
    await channel.assertExchange('bench', 'topic', { durable: true })
    await channel.assertQueue('bench', { durable: true })
    await channel.bindQueue('bench', 'bench', 'a.#')
    const body = Buffer.alloc(size, 1)
    const published = performance.now()
    let sent = 0
    const publishOne = () =>
      new Promise((resolve, reject) => {
        channel.publish('bench', 'a.b', body, { persistent: true }, (error) => (error ? reject(error) : resolve()))
      })
    const publisher = async () => {
      while (sent < total) {
        sent += 1
        await publishOne()
      }
    }
    await Promise.all(Array.from({ length: publishWindow }, publisher))
    const publish = total / ((performance.now() - published) / 1_000)

    const consumed = performance.now()
    const all = Promise.withResolvers()
    let received = 0
    await channel.prefetch(prefetch)
    const { consumerTag } = await channel.consume('bench', (message) => {
      channel.ack(message)
      received += 1
      if (received === total) all.resolve()
    })
    await all.promise
    const consume = total / ((performance.now() - consumed) / 1_000)
    await channel.cancel(consumerTag)
    return { publish, consume }
  } finally {
    await channel.deleteQueue('bench')
    await connection.close()
  }
}

async function freePorts(count) {
  const servers = Array.from({ length: count }, () => createServer().listen(0, '127.0.0.1'))
  await Promise.all(servers.map((server) => once(server, 'listening')))
  const ports = servers.map((server) => server.address().port)
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))))
  return ports
}
