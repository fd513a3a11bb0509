// RabbitMQ with its management API, and an epmd of its own: the one that Erlang starts by itself outlives the broker and is shared.
import { randomBytes } from 'node:crypto'
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { accepts, answers } from '../launch.mjs'
import { installedPrograms, onPath } from '../programs.mjs'

/** The server itself, where Debian puts it: the script in the path changes the user first. */
const debian = '/usr/lib/rabbitmq/bin/rabbitmq-server'

export const rabbitmq = {
  portCount: 4,
  programs: installedPrograms(['rabbitmq-server'], (env) => ({
    server: existsSync(debian) ? debian : onPath('rabbitmq-server', env),
    epmd: onPath('epmd', env),
  })),
  async start({ directory, ports: [port, management, dist, epmdPort], programs, env, launch, until, settings = [] }) {
    const path = (name) => join(directory, name)
    const cookie = path('.erlang.cookie')
    for (const name of ['mnesia', 'log']) mkdirSync(path(name), { recursive: true })
    if (!existsSync(cookie)) writeFileSync(cookie, randomBytes(24).toString('hex'), { mode: 0o400 })
    writeFileSync(path('enabled_plugins'), '[rabbitmq_management].')
    writeFileSync(path('rabbitmq-env.conf'), '')
    writeFileSync(
      path('rabbitmq.conf'),
      [
        `listeners.tcp.default = 127.0.0.1:${port}`,
        'management.tcp.ip = 127.0.0.1',
        `management.tcp.port = ${management}`,
        'disk_free_limit.absolute = 50MB',
        'vm_memory_high_watermark.absolute = 1GiB',
        'log.file.level = info',
        ...settings,
        '',
      ].join('\n'),
    )
    launch(programs.epmd, ['-port', String(epmdPort), '-address', '127.0.0.1'])
    await until(() => accepts(epmdPort))
    launch(programs.server, [], {
      // Its script then becomes the server, instead of waiting for it as a process in between.
      RUNNING_UNDER_SYSTEMD: 'true',
      // A name that does not depend on that of the machine.
      RABBITMQ_NODENAME: `thatdam${port}@localhost`,
      RABBITMQ_CONFIG_FILE: path('rabbitmq.conf'),
      RABBITMQ_CONF_ENV_FILE: path('rabbitmq-env.conf'),
      RABBITMQ_ENABLED_PLUGINS_FILE: path('enabled_plugins'),
      RABBITMQ_MNESIA_BASE: path('mnesia'),
      RABBITMQ_LOG_BASE: path('log'),
      RABBITMQ_PID_FILE: path('pid'),
      RABBITMQ_DIST_PORT: String(dist),
      RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS: '-kernel inet_dist_use_interface {127,0,0,1}',
      ERL_EPMD_PORT: String(epmdPort),
      ERL_EPMD_ADDRESS: '127.0.0.1',
      ...env,
    })
    const managementUrl = `http://127.0.0.1:${management}`
    const login = `Basic ${Buffer.from('guest:guest').toString('base64')}`
    await until(async () => (await accepts(port)) && (await answers(`${managementUrl}/api/overview`, { Authorization: login })))
    return { url: `amqp://guest:guest@127.0.0.1:${port}`, managementUrl }
  },
}
