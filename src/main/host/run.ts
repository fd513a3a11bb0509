/** A node in the foreground: serves its address, converges, and keeps converging until it is told to stop. */
import { randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import type { NodeClient } from '../../shared/node-contract'
import { renderMetrics } from '../api/metrics'
import { type Api, startApi } from '../api/server'
import { closeAll } from './close-all'
import type { Config } from './config'
import { refuseIncomplete } from './externals'
import type { NodeLog } from './logging'
import { removeNodeFile, writeNodeFile } from './node-file'
import { openApiFile, pageDir, productVersion } from './product'
import { keepSessionKey, sessionKeyOf } from './session-key'
import { openSite } from './site'

export interface RunOptions {
  /** `at-once` sets a new directory up and starts; `wait` writes nothing to one until a person says start. */
  readonly setup: 'at-once' | 'wait'
  /** False for a node that lasts no longer than one command: others shall not find it, and lose it in the middle of their work. */
  readonly announce?: boolean
  readonly log: NodeLog
}

export interface RunningNode {
  readonly client: NodeClient
  readonly url: string
  /** Opens everything; `node.json` holds it. */
  readonly token: string
  /** A link that signs one browser in, once. */
  signInUrl(): string
  /** Resolves, with the mistake, when the node cannot go on. */
  readonly crashed: Promise<unknown>
  close(): Promise<void>
}

/** Resolves as soon as the node serves. Rejects with a `UserError`: `locked`, `port-in-use`, `damaged-data`, … */
export async function runNode(config: Config, { setup, announce = true, log }: RunOptions): Promise<RunningNode> {
  refuseIncomplete(config.externals)
  const { paths } = config
  const startedAt = new Date().toISOString()
  const token = randomBytes(32).toString('base64url')
  const crash = Promise.withResolvers<unknown>()
  const opened = Promise.withResolvers<void>()
  // Rejected only together with this function; a request that waits for it then gets the same sentence.
  opened.promise.catch(() => undefined)
  const waits = setup === 'wait' && !existsSync(paths.cluster)
  let sessionKey: Uint8Array
  let api: Api | undefined
  let closing: Promise<void> | undefined

  const site = openSite({
    config,
    log,
    onCrash: crash.resolve,
    address: () => api,
    setUpBy: 'start',
    onClosed: () => removeNodeFile(paths),
    onOpened({ node }) {
      if (api !== undefined && announce) {
        const { url, instance } = api
        // A browser that was signed in while the node waited stays so: its key becomes the stored one.
        keepSessionKey(paths, sessionKey)
        writeNodeFile(paths, { pid: process.pid, instance, url, token, version: productVersion, started_at: startedAt })
      }
      // Whichever call set the directory up: from now on the node keeps converging by itself.
      node.run().catch((error: unknown) => {
        if (!closing) crash.resolve(error)
      })
    },
  })

  try {
    // In this order, so that a second start hears of the first node and not of its port, and a taken port leaves no data behind.
    if (waits) opened.resolve()
    else site.lock()
    sessionKey = sessionKeyOf(paths)
    api = await startApi({
      node: {
        call: async (name, input, signal) => opened.promise.then(() => site.client.call(name, input, signal)),
        async *notices(signal) {
          await opened.promise
          yield* site.client.notices(signal)
        },
      },
      version: productVersion,
      port: config.port,
      token,
      sessionKey,
      pageDir: existsSync(pageDir) ? pageDir : undefined,
      openapiFile: openApiFile,
      data: () => opened.promise.then(() => site.data()),
      programTokens: { recognises: (given) => site.tokens().recognises(given) },
      metrics: async (data) => {
        await opened.promise
        return renderMetrics(await site.client.call('status', {}), { ...data, ...(await site.figures()) })
      },
      log: ({ level, message, component, action, method, route, status, duration_ms, error }) =>
        log(level, message, {
          component,
          action,
          name: `${method} ${route} ${status}`,
          duration_ms,
          ...(error === undefined ? {} : { error: stackOf(error) }),
        }),
    })
    if (!waits) {
      try {
        await site.open()
        opened.resolve()
      } catch (error) {
        opened.reject(error)
        throw error
      }
    }
  } catch (error) {
    await closeAll(api === undefined ? [site] : [api, site])
    throw error
  }

  const serving = api
  async function close(): Promise<void> {
    await closeAll([serving, site])
  }
  return {
    client: site.client,
    url: serving.url,
    token,
    signInUrl: () => serving.signInUrl(),
    crashed: crash.promise,
    close: () => (closing ??= close()),
  }
}

/** A failure that nobody foresaw is logged whole: its stack is what mends it. */
function stackOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error)
}
