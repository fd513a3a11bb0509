/** What there is in a world of plain data, and what its rules take from it. */
import { expiresAt } from './expiry'
import type { BrokerWorld, IndexWorld, StorageWorld } from './worlds'

export interface Worlds {
  readonly storage: StorageWorld
  readonly broker: BrokerWorld
  readonly index: IndexWorld
}

const dayMs = 24 * 3_600_000

/** Put objects and messages of every age into all that can hold some. */
export function fill(world: Worlds, now: number): void {
  const ages = [0, 0.5, 1.5, 2.5, 10].map((days) => now - days * dayMs)
  for (const bucket of world.storage.buckets.values()) {
    for (const [i, moment] of ages.entries()) bucket.objects.set(`${i % 2 === 0 ? 'tmp/' : ''}${i}`, moment)
  }
  for (const name of world.broker.queues.keys()) world.broker.messages.set(name, [...ages])
  for (const { name, tenants } of world.index.classes.values())
    world.index.objects.set(name, tenants.length > 0 ? [...tenants] : [undefined])
}

/** What the rules and TTLs of a world take from it now, by a fresh look at each. */
export function doomed(world: Worlds, now: number): Set<string> {
  const gone = new Set<string>()
  for (const [name, bucket] of world.storage.buckets) {
    for (const { prefix, expireDays } of bucket.rules.values()) {
      for (const [key, stored] of bucket.objects) {
        if (key.startsWith(prefix) && expiresAt(stored, expireDays) <= now) gone.add(`${name}/${key}`)
      }
    }
  }
  for (const { name, policy } of world.broker.queues.values()) {
    for (const moment of world.broker.messages.get(name) ?? []) {
      if (policy.ttl > 0 && moment + policy.ttl * 1000 < now) gone.add(`${name} ${moment}`)
    }
  }
  return gone
}

/** Everything that is there, by name, so that what is missing later shows. */
export function census(world: Worlds): Map<string, unknown> {
  const found = new Map<string, unknown>()
  for (const [name, bucket] of world.storage.buckets) {
    found.set(`bucket ${name}`, true)
    if (bucket.versioning) found.set(`versioning ${name}`, true)
    for (const id of bucket.rules.keys()) found.set(`rule ${name}/${id}`, true)
    for (const key of bucket.tags.keys()) found.set(`tag ${name}/${key}`, true)
    if (bucket.policy !== null) found.set(`policy ${name}`, bucket.policy)
  }
  for (const one of world.broker.exchanges.values()) found.set(`exchange ${one.name}`, one.type)
  for (const one of world.broker.queues.values()) {
    found.set(`queue ${one.name}`, one.type)
    if (one.policy.ttl > 0 || one.policy.dlx !== null) found.set(`queue-policy ${one.name}`, one.policy)
  }
  for (const key of world.broker.bindings.keys()) found.set(`binding ${key}`, true)
  for (const one of world.index.classes.values()) {
    found.set(`class ${one.name}`, [one.distance, one.search, one.multiTenancy])
    for (const { name, type } of one.properties) found.set(`property ${one.name}/${name}`, type)
    for (const tenant of one.tenants) found.set(`tenant ${one.name}/${tenant}`, true)
  }
  return found
}
