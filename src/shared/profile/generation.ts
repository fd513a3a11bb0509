/** The names of wishes: equal for two spellings of one wish, different for two wishes. */
import type { Component } from '../component'
import { hashOf, sha256Hex } from '../hash'
import type { Profile } from './model'

/** Lower-case hex SHA-256, per component and of the whole. */
export interface Generations extends Readonly<Record<Component, string>> {
  readonly profile: string
}

/**
 * The generation of a component is the hash of its section's canonical JSON; that of the profile is the hash of the four
 * hex texts, concatenated in the order storage, broker, index, services. The profile's metadata is in none of them.
 */
export function generationsOf(profile: Profile): Generations {
  const storage = hashOf(profile.spec.storage)
  const broker = hashOf(profile.spec.broker)
  const index = hashOf(profile.spec.indices)
  const services = hashOf(profile.spec.services)
  return { storage, broker, index, services, profile: sha256Hex(storage + broker + index + services) }
}
