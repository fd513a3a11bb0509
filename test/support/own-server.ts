/** A real server that belongs to one test, which may kill it and start it again on the same ports and data. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { inject } from 'vitest'
import type { Addresses } from '../../scripts/servers/addresses.mjs'
import { createInstance } from '../../scripts/servers/instance.mjs'
import { signal } from '../../scripts/servers/processes.mjs'
import type { ServerName } from './servers'

export interface Setting {
  /** Environment variables of the server, over ours; with `AUTHENTICATION_APIKEY_ALLOWED_KEYS` Weaviate's address has the first key. */
  readonly env?: Readonly<Record<string, string>>
  /** Further lines of rabbitmq.conf. */
  readonly settings?: readonly string[]
}

export interface OwnServer<N extends ServerName> {
  readonly address: Addresses[N]
  /** Its files, for a test that looks at its logs or data. */
  readonly directory: string
  /** `kill -9`, with all that belongs to it. Its data stay. */
  kill(): Promise<void>
  /** Start it on the same ports and data, and wait until it serves; one that runs is killed first. Ceph, whose data are in memory, cannot. */
  restart(setting?: Setting): Promise<void>
  /** It stays there, holds its connections, and does nothing until `thaw`. */
  freeze(): void
  thaw(): void
  /** End it and remove its data. Safe to call twice. Whatever a test forgets is ended after all tests. */
  stop(): Promise<void>
}

/** Start a server and wait until it serves: MinIO and versitygw in less than a second, RabbitMQ and Weaviate in about 8 s, Ceph in about 14 s. */
export async function startServer<N extends ServerName>(name: N, setting: Setting = {}): Promise<OwnServer<N>> {
  const instance = await createInstance(name, { parent: inject('ownServers') })

  async function start({ env = {}, settings }: Setting): Promise<Addresses[N]> {
    return instance.start({
      serverEnv: env,
      settings,
      // For the end of the run, should this process not live to see the end of the test.
      onProcess: (processes) => writeFileSync(join(instance.directory, 'processes.json'), JSON.stringify(processes)),
    })
  }

  function send(which: NodeJS.Signals): void {
    for (const one of instance.processes) signal(one, which)
  }

  const address = await start(setting)
  return {
    address,
    directory: instance.directory,
    kill: instance.kill,
    async restart(changed = setting) {
      await instance.kill()
      await start(changed)
    },
    freeze: () => send('SIGSTOP'),
    thaw: () => send('SIGCONT'),
    stop: instance.remove,
  }
}
