/** A bus on a real RabbitMQ, in two vhosts of its own that end with it. */
import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { managementLogin } from '../../../scripts/servers/addresses.mjs'
import { openBusRabbitmq } from '../../../src/main/adapters/bus-rabbitmq/bus-rabbitmq'
import type { EventBusHarness } from '../../conformance/event-bus'
import type { RabbitmqAddress } from '../../support/servers'

export interface Options {
  /** Whether the bus knows of the management API. The harness itself always does. */
  readonly management: boolean
}

/** The tests need it, whatever the adapter is told. */
export function managementOf({ managementUrl }: RabbitmqAddress): string {
  if (managementUrl === undefined) throw new TypeError('THATDAM_TEST_RABBITMQ_MANAGEMENT_URL is not set')
  return managementUrl
}

/** Ask the management API as a person would. */
export async function ask(address: RabbitmqAddress, method: string, path: string, body?: unknown): Promise<unknown> {
  return (await answerOf(address, method, path, body)).body
}

/** The same, and whether it was there. */
export async function answerOf(
  address: RabbitmqAddress,
  method: string,
  path: string,
  body: unknown,
): Promise<{ readonly there: boolean; readonly body: unknown }> {
  const managementUrl = managementOf(address)
  const { origin } = new URL(managementUrl)
  const authorization = managementLogin({ ...address, managementUrl })
  const answer = await fetch(`${origin}/api${path}`, {
    method,
    headers: { authorization, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
  const text = await answer.text()
  const there = answer.status !== 404
  if (!answer.ok && there) throw new Error(`${method} ${path}: ${answer.status} ${text}`)
  return { there, body: text === '' ? undefined : JSON.parse(text) }
}

const dedupe = { windowMs: 60_000, keysPerQueue: 60 }

export function openRabbitmq(
  address: RabbitmqAddress,
  vhost: string,
  { management }: Options,
  more: { url?: string; deadlineMs?: number } = {},
) {
  const bus = openBusRabbitmq({
    url: address.url,
    ...(management ? { managementUrl: managementOf(address) } : {}),
    vhost: () => vhost,
    deadlineMs: 5_000,
    dedupe,
    now: Date.now,
    uuid: randomUUID,
    ...more,
  })
  return { bus }
}

/** A vhost that was made, with rights for whoever asks. */
export async function makeVhost(address: RabbitmqAddress): Promise<{ readonly name: string; remove(): Promise<void> }> {
  const name = `thatdam test ${randomUUID()}`
  const path = `/vhosts/${encodeURIComponent(name)}`
  await ask(address, 'PUT', path, {})
  return { name, remove: async () => void (await ask(address, 'DELETE', path)) }
}

export async function makeHarness(address: RabbitmqAddress, options: Options): Promise<EventBusHarness> {
  const [vhost, otherVhost] = await Promise.all([makeVhost(address), makeVhost(address)])
  return {
    vhost: vhost.name,
    otherVhost: otherVhost.name,
    dedupe,
    now: Date.now,
    elapse: (ms) => sleep(ms),
    open: async () => openRabbitmq(address, vhost.name, options).bus,
    view: async () => openRabbitmq(address, vhost.name, options).bus,
    deleteQueue: async (name) => {
      await ask(address, 'DELETE', `/queues/${encodeURIComponent(vhost.name)}/${encodeURIComponent(name)}`)
    },
    async dispose() {
      await Promise.all([vhost.remove(), otherVhost.remove()])
    },
  }
}
