/**
 * The real servers that tests are made against. Which of them run is found out once, before all tests (servers-setup.ts); a test file asks here.
 * They are shared: a test makes what it needs under names of its own, and takes away what it made. One that wants to kill a server
 * starts one of its own (own-server.ts).
 */
import { describe, inject, it } from 'vitest'
import { type Addresses, type ServerName, servers } from '../../scripts/servers/addresses.mjs'
import { recipes } from '../../scripts/servers/instance.mjs'

export type { Addresses, RabbitmqAddress, S3Address, ServerName } from '../../scripts/servers/addresses.mjs'

declare module 'vitest' {
  interface ProvidedContext {
    readonly servers: Partial<Addresses>
    /** Where servers of a test's own live; what is left in it is ended and removed after all tests. */
    readonly ownServers: string
  }
}

/** Where a server is and how to log in; undefined where it does not run. */
export function server<N extends ServerName>(name: N): Addresses[N] | undefined {
  return inject('servers')[name]
}

/** Why tests against a server cannot be made here, and the way out, in one line; undefined where it runs. */
export function whyNoServer(name: ServerName): string | undefined {
  if (server(name) !== undefined) return undefined
  return `${servers[name].title} is not here: \`npm run servers -- up ${name}\` brings it up`
}

/**
 * Tests against a server that runs. `body` gets its address and registers them as `describe` does. Where it does not run they are
 * skipped in one line that says how to change that, or fail with it under `THATDAM_REQUIRE=all`.
 */
export function describeWith<N extends ServerName>(name: N, title: string, body: (address: Addresses[N]) => void): void {
  const address = server(name)
  if (address === undefined) needs(title, whyNoServer(name))
  else describe(title, () => body(address))
}

/** The same for tests that start servers of their own, for which the programs must be on this machine. */
export function describeStarting(name: ServerName, title: string, body: () => void): void {
  const there = recipes[name].programs.find(process.env) !== undefined
  if (there) describe(title, body)
  else needs(title, `the programs of ${servers[name].title} are not here: \`npm run servers -- up ${name}\` gets them or says how`)
}

function needs(title: string, reason: string | undefined): void {
  const must = process.env.THATDAM_REQUIRE === 'all'
  describe(title, () => {
    it.skipIf(!must)(`needs a server (${reason})`, () => {
      throw new Error(reason)
    })
  })
}
