/**
 * Runs once before all tests and finds out which real servers there are for them: those that the environment names and those of
 * `npm run servers`. Where every test is required, what does not run is brought up for the time of the tests.
 */
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestProject } from 'vitest/node'
import { addressFrom, type ServerName, serverNames, servers } from '../../scripts/servers/addresses.mjs'
import { bringUp, takeDown } from '../../scripts/servers/fleet.mjs'
import { end, type KnownProcess } from '../../scripts/servers/processes.mjs'
import { runningAddresses } from '../../scripts/servers/state.mjs'

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const started = process.env.THATDAM_REQUIRE === 'all' ? await bringUpAll() : []
  const addresses = { ...runningAddresses(), ...namedByEnvironment() }
  const absent = serverNames.filter((name) => addresses[name] === undefined)
  if (absent.length > 0) {
    const titles = absent.map((name) => servers[name].title).join(', ')
    say(`Not running, so tests against them are skipped: ${titles}. \`npm run servers -- up ${absent.join(' ')}\` brings them up.`)
  }
  const ownServers = mkdtempSync(join(tmpdir(), 'thatdam-own-servers-'))
  project.provide('servers', addresses)
  project.provide('ownServers', ownServers)
  return async () => {
    await endAllIn(ownServers)
    if (started.length > 0) await takeDown(started)
  }
}

async function bringUpAll(): Promise<ServerName[]> {
  const outcomes = await bringUp(serverNames, { say })
  for (const { name, how, error } of outcomes) if (how === 'failed') say(`${servers[name].title} is not up. ${error}`)
  return outcomes.filter(({ how }) => how === 'started').map(({ name }) => name)
}

function namedByEnvironment() {
  const named = serverNames.map((name) => [name, addressFrom(name)] as const)
  return Object.fromEntries(named.filter(([, address]) => address !== undefined))
}

/** Servers that a test started and did not end, because it was itself ended, say. */
async function endAllIn(directory: string): Promise<void> {
  for (const name of readdirSync(directory)) {
    const record = join(directory, name, 'processes.json')
    if (existsSync(record)) await end(JSON.parse(readFileSync(record, 'utf8')) as KnownProcess[])
  }
  rmSync(directory, { recursive: true, force: true })
}

function say(sentence: string): void {
  process.stderr.write(`${sentence}\n`)
}
