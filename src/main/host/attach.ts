/** A client for a data directory, for a command that comes and goes. */
import { z } from 'zod'
import type { NodeFile } from '../../shared/cluster'
import { UserError } from '../../shared/errors'
import { createHttpClient } from '../../shared/http-client'
import type { NodeClient } from '../../shared/node-contract'
import type { Config } from './config'
import { refuseIncomplete } from './externals'
import { createLog } from './logging'
import { readNodeFile } from './node-file'
import { openSite } from './site'

export interface Attached {
  readonly client: NodeClient
  /** Whether a node runs and answers; else this process does the work itself. */
  readonly running: boolean
  /** Of the node that runs: where it serves, and what opens it. */
  readonly address?: { readonly url: string; readonly token: string }
  /** Whether there is a node in this directory, running or not. Unlike the call `setup`, it waits for no server. */
  isSetUp(): Promise<boolean>
  close(): Promise<void>
}

const healthDeadlineMs = 2_000

/**
 * The running node of this data directory over HTTP; when none runs, the same calls served in this process. Looks change
 * nothing; the first call with an effect takes the lock and sets the directory up where it is not.
 */
export async function attach(config: Config): Promise<Attached> {
  const node = readNodeFile(config.paths)
  if (node !== undefined && (await answers(node))) {
    const client = createHttpClient({ url: node.url, token: node.token, fetch })
    return { client, running: true, address: { url: node.url, token: node.token }, isSetUp: async () => true, close: async () => {} }
  }
  refuseIncomplete(config.externals)
  const site = openSite({
    config,
    log: createLog({ level: config.logLevel ?? 'error', terminal: process.stderr.isTTY }),
    onCrash: (error) => {
      throw error
    },
    address: () => undefined,
    setUpBy: 'any-change',
  })
  return { client: site.client, running: false, isSetUp: site.isSetUp, close: () => site.close() }
}

const healthSchema = z.object({ instance: z.string() })

/** Whether the node of this file still serves. Another one may have its port by now, and must not be sent the token. */
async function answers({ url, instance }: NodeFile): Promise<boolean> {
  try {
    const response = await fetch(new URL('/health', url), { signal: AbortSignal.timeout(healthDeadlineMs) })
    return response.ok && healthSchema.parse(await response.json()).instance === instance
  } catch {
    return false
  }
}

/** The running node, or a `UserError` `not-running`. */
export async function attachRunning(config: Config): Promise<Attached> {
  const attached = await attach(config)
  if (attached.running) return attached
  await attached.close()
  throw new UserError('not-running', `No node runs on ${config.dataDir}.`, { hint: 'Start one with `thatdam up`.' })
}
