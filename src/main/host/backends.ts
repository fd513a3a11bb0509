/**
 * Which adapter serves each component: the embedded one, or that of a server of the owner's. The client of a vendor is loaded only where
 * its server is configured, so that a node without any starts as fast as before.
 */
import type { Component, PortComponent } from '../../shared/component'
import type { openBusRabbitmq } from '../adapters/bus-rabbitmq/bus-rabbitmq'
import { systemClock } from '../adapters/clock-system'
import type { openIndexWeaviate } from '../adapters/index-weaviate/index-weaviate'
import type { openStorageMinio } from '../adapters/storage-minio/storage-minio'
import type { Externals } from '../core/node/backends'
import type { Stand } from '../core/reconcile/declaration'
import { closeAll } from './close-all'
import type { Config } from './config'
import { refuseIncomplete } from './externals'
import type { Settings } from './settings'

/** Names of the adapters, as the status surface shows them. */
const embedded = { storage: 'fs', broker: 'inproc', index: 'mem', services: 'none' } as const
const external = { storage: 'minio', broker: 'rabbitmq', index: 'weaviate' } as const

export function adaptersOf({ externals: { storage, bus, index } }: Config): Readonly<Record<Component, string>> {
  return {
    ...embedded,
    ...(storage === undefined ? {} : { storage: external.storage }),
    ...(bus === undefined ? {} : { broker: external.broker }),
    ...(index === undefined ? {} : { index: external.index }),
  }
}

export function externalsOf({ externals: { storage, bus, index } }: Config): Externals {
  return {
    ...(storage === undefined ? {} : { storage: { server: 'MinIO', address: storage.address } }),
    ...(bus === undefined ? {} : { broker: { server: 'RabbitMQ', address: bus.address } }),
    ...(index === undefined ? {} : { index: { server: 'Weaviate', address: index.address } }),
  }
}

/** By which the journal tells what was done here from what was done at a server, and that from what was done at another. */
export function standsOf({ externals: { storage, bus, index } }: Config): Readonly<Record<PortComponent, Stand>> {
  const standOf = (one: { readonly server: string } | undefined): Stand =>
    one === undefined ? { backend: 'embedded', server: '' } : { backend: 'external', server: one.server }
  return { storage: standOf(storage), broker: standOf(bus), index: standOf(index) }
}

/** The servers that are configured. Opening connects to none of them: one that is out of reach is an error of the calls. */
export interface OpenExternals {
  readonly storage?: ReturnType<typeof openStorageMinio>
  readonly bus?: ReturnType<typeof openBusRabbitmq>
  readonly index?: ReturnType<typeof openIndexWeaviate>
  close(): Promise<void>
}

/** `vhost`: that of the profile in force. Throws a `UserError` where keys are missing. */
export async function openExternals(config: Config, vhost: () => string): Promise<OpenExternals> {
  const { externals, settings, paths } = config
  refuseIncomplete(externals)
  const { deadlineMs } = settings.external
  const { now, uuid } = systemClock
  const open: { -readonly [Port in 'storage' | 'bus' | 'index']?: NonNullable<OpenExternals[Port]> } = {}
  if (externals.storage?.keys !== undefined) {
    const { endpoint, region, ca, keys } = externals.storage
    const { openStorageMinio } = await import('../adapters/storage-minio/storage-minio')
    const place = { endpoint, ...(region === undefined ? {} : { region }), ...(ca === undefined ? {} : { ca }), ...keys }
    open.storage = openStorageMinio({ ...place, deadlineMs, spoolDirectory: paths.spool, uuid })
  }
  if (externals.bus !== undefined) {
    const { url, managementUrl, ca } = externals.bus
    const { openBusRabbitmq } = await import('../adapters/bus-rabbitmq/bus-rabbitmq')
    const place = { url, ...(managementUrl === undefined ? {} : { managementUrl }), ...(ca === undefined ? {} : { ca }) }
    open.bus = openBusRabbitmq({ ...place, vhost, deadlineMs, dedupe: dedupeOf(settings), now, uuid })
  }
  if (externals.index !== undefined) {
    const { url, apiKey, ca } = externals.index
    const { openIndexWeaviate } = await import('../adapters/index-weaviate/index-weaviate')
    open.index = openIndexWeaviate({ url, ...(apiKey === undefined ? {} : { apiKey }), ...(ca === undefined ? {} : { ca }), deadlineMs })
  }
  return { ...open, close: () => closeAll([open.index, open.bus, open.storage].filter((one) => one !== undefined)) }
}

/** How long, and how many, repeated keys of messages a bus knows. */
export function dedupeOf({ bus: { dedupe } }: Settings): { readonly windowMs: number; readonly keysPerQueue: number } {
  return { windowMs: dedupe.days * 24 * 3_600_000, keysPerQueue: dedupe.keys }
}
