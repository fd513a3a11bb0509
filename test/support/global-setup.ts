/**
 * Runs once before all tests. Some of them start the built node as its user does, so the build must be that of these sources;
 * some are made against real servers, so it is found out which of them run: those that the environment names, and those of `npm run servers`.
 */
import type { TestProject } from 'vitest/node'
import { buildIfStale } from '../../scripts/build.mjs'
import { addressFrom, serverNames } from '../../scripts/servers/addresses.mjs'
import { runningAddresses } from '../../scripts/servers/state.mjs'

export default async function setup(project: TestProject): Promise<void> {
  const failure = await buildIfStale()
  if (failure !== undefined) throw new Error(`the build failed:\n${failure}`)
  project.provide('servers', { ...runningAddresses(), ...namedByEnvironment() })
}

function namedByEnvironment() {
  const named = serverNames.map((name) => [name, addressFrom(name)] as const)
  return Object.fromEntries(named.filter(([, address]) => address !== undefined))
}
