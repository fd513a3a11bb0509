/**
 * One data directory in the hands of this process. Looks are served from read-only views; the first call with an effect
 * takes the lock, sets the directory up where it is not, and from then on the composed node answers.
 */
import { UserError } from '../../shared/errors'
import { type CallName, type NodeClient, nodeContract, type Setup } from '../../shared/node-contract'
import { identityFile } from '../adapters/identity-file'
import type { Figures } from '../api/metrics'
import { clientOf, type Handlers, notSetUp } from '../core/node/handlers'
import { createNoticeHub, type NoticeHub } from '../core/node/notices'
import type { Queries } from '../core/node/queries'
import { type ProfileText, wishOf } from '../core/node/wish'
import type { DataPlane } from '../core/ports/data-plane'
import { type OpenExternals, openExternals } from './backends'
import { closeAll } from './close-all'
import { type ComposedNode, composeNode, composeViews, factsOf, type Views } from './compose'
import type { Config } from './config'
import { freeBytes } from './disk'
import { examine } from './doctor'
import { acquireLock, type Lock, refuseNonDirectory, wasEverUsed } from './lock'
import type { NodeLog } from './logging'
import { openTokens, type Tokens } from './tokens'
import { waitingStatus } from './waiting'

export interface SiteParts {
  readonly config: Config
  readonly log: NodeLog
  readonly onCrash: (error: unknown) => void
  /** Told once the node is composed. If it throws, the node is closed again. */
  readonly onOpened?: (composed: ComposedNode) => void
  /** Told when the node that was opened is closed, while the lock still keeps others out. */
  readonly onClosed?: () => void
  /** What may set the directory up: only `start`, so that before it just the set-up calls are served, or every call with an effect. */
  readonly setUpBy: 'start' | 'any-change'
  /** Where this node serves, once it does. */
  readonly address: () => { readonly url: string; readonly signInUrl: () => string } | undefined
}

export interface Site {
  readonly client: NodeClient
  /** Asks no server, and looks at nothing but who this node is. Throws a `UserError` where the directory cannot be one. */
  isSetUp(): Promise<boolean>
  /** Take the lock for good, before anything is opened. Throws a `UserError` `locked` when another process has it. */
  lock(): void
  /** Compose the node under the lock, setting it up where needed. Safe to call again. */
  open(): Promise<ComposedNode>
  /** The ports of the data plane. Rejects with `not-set-up` where nothing has been composed yet. */
  data(): Promise<DataPlane>
  readonly tokens: () => Tokens
  /** What the metrics say besides the status. */
  figures(): Promise<Pick<Figures, 'index'>>
  /** Ends the pass that runs. Safe to call again. */
  close(): Promise<void>
}

export function openSite({ config, log, onCrash, onOpened, onClosed, setUpBy, address }: SiteParts): Site {
  const { paths, dataDir } = config
  const startedAt = new Date().toISOString()
  const facts = factsOf(config)
  /** `quiet` while only looked through, `held` once this process has the directory for good. */
  let lock: { readonly as: 'quiet' | 'held'; readonly lock: Lock } | undefined
  /** Looks under way. */
  let lookers = 0
  let views: { readonly used: boolean; readonly open: Views } | undefined
  /** What looks ask, where servers are configured. The node that is composed later has connections of its own. */
  let externals: Promise<OpenExternals> | undefined
  let composed: ComposedNode | undefined
  let opening: Promise<ComposedNode> | undefined
  let closing: Promise<void> | undefined

  let opened: Tokens | undefined
  const tokens = () => (opened ??= openTokens(paths))

  const hub: NoticeHub = createNoticeHub(() => client.call('status', {}))

  function lookedAt(): Promise<OpenExternals> {
    externals ??= openExternals(config, () => views?.open.queries.vhost() ?? '/')
    return externals
  }

  /**
   * A look, for as long as nothing but looks were asked for. An earlier process's files are looked at under the lock, which is
   * held no longer than the look takes: a node that waits for its set-up keeps nobody else from working there.
   */
  async function look<T>(work: (queries: Queries, externals: OpenExternals) => Promise<T>): Promise<T> {
    if (closing !== undefined) throw stopping()
    if (opening !== undefined) await opening.catch(() => undefined)
    if (composed !== undefined) return work(composed.handlers, composed.externals)
    const servers = await lookedAt()
    // A node that began to be composed meanwhile has closed them.
    if (opening !== undefined || closing !== undefined) return look(work)
    refuseNonDirectory(dataDir)
    const used = wasEverUsed(paths)
    if (used) lock ??= { as: 'quiet', lock: acquireLock(paths, { quiet: true }) }
    // Views on nothing are good only as long as nobody else sets the directory up.
    if (views === undefined || views.used !== used) views = { used, open: composeViews(config, used, servers) }
    lookers++
    try {
      return await work(views.open.queries, servers)
    } finally {
      lookers--
      if (lookers === 0 && lock?.as === 'quiet') releaseLock()
    }
  }

  function takeLock(): void {
    if (lock?.as === 'held') return
    releaseLock()
    refuseNonDirectory(dataDir)
    lock = { as: 'held', lock: acquireLock(paths, { quiet: false }) }
  }

  function releaseLock(): void {
    lock?.lock.release()
    lock = undefined
  }

  async function compose(): Promise<ComposedNode> {
    // A view must not outlive the lock under which it was opened.
    await closeLooks()
    takeLock()
    const made = await composeNode(config, { hub, log, startedAt, onCrash })
    try {
      onOpened?.(made)
    } catch (error) {
      await made.close()
      throw error
    }
    composed = made
    return made
  }

  async function closeLooks(): Promise<void> {
    const [view, servers] = [views, externals]
    views = undefined
    externals = undefined
    await closeAll([{ close: () => view?.open.close() }, { close: async () => (await servers)?.close() }])
  }

  function open(): Promise<ComposedNode> {
    if (closing !== undefined) throw stopping()
    opening ??= compose().catch((error: unknown) => {
      opening = undefined
      releaseLock()
      throw error
    })
    return opening
  }

  /** A profile with errors must not even set the directory up. A node that is open judges it by itself, once. */
  function refuseBeforeOpening(profile: ProfileText): void {
    if (composed === undefined) wishOf(profile)
  }

  async function isSetUp(): Promise<boolean> {
    refuseNonDirectory(dataDir)
    return composed !== undefined || (await identityFile(paths.cluster).read()) !== undefined
  }

  async function setup(signal: AbortSignal): Promise<Setup> {
    const done = await isSetUp()
    return {
      done,
      data_dir: dataDir,
      free_bytes: await freeBytes(dataDir),
      plan: done ? null : await look((queries) => queries.plan({ allow_destructive: false }, signal)),
    }
  }

  const handlers: Handlers = {
    plan: (input, signal) => look((queries) => queries.plan(input, signal)),
    profile: (input, signal) => look((queries) => queries.profile(input, signal)),
    validateProfile: (input, signal) => look((queries) => queries.validateProfile(input, signal)),
    history: (input, signal) => look((queries) => queries.history(input, signal)),
    intents: (input, signal) => look((queries) => queries.intents(input, signal)),
    events: (input, signal) => look((queries) => queries.events(input, signal)),
    doctor: (_input, signal) => look((queries, servers) => examine({ config, queries, externals: servers, url: address()?.url }, signal)),
    setup: (_input, signal) => setup(signal),
    async status(input, signal) {
      return composed === undefined ? waitingStatus(facts, startedAt) : composed.handlers.status(input, signal)
    },
    async start() {
      const { node, cluster } = await open()
      await node.run()
      return cluster
    },
    async apply(input, signal) {
      if (input.profile !== undefined) refuseBeforeOpening(input.profile)
      return (await open()).handlers.apply(input, signal)
    },
    async setProfile(input, signal) {
      refuseBeforeOpening(input.profile)
      return (await open()).handlers.setProfile(input, signal)
    },
    async rollback(input, signal) {
      if (!(await isSetUp())) throw notSetUp()
      return (await open()).handlers.rollback(input, signal)
    },
    async createToken({ name }) {
      await open()
      return tokens().create(name)
    },
    async tokens() {
      return tokens().list()
    },
    async revokeToken({ name }) {
      if (!(await isSetUp())) throw notSetUp()
      await open()
      tokens().revoke(name)
      return { name }
    },
    async signInLink() {
      const at = address()
      if (at === undefined) throw new UserError('not-running', `No node runs on ${dataDir}.`, { hint: 'Start one with `thatdam up`.' })
      return { url: at.signInUrl() }
    },
  }
  const served = clientOf(
    () => handlers,
    (signal) => hub.subscribe(signal),
  )
  const client: NodeClient = {
    notices: served.notices,
    async call(name, input, signal) {
      if (!isServed(name)) throw notSetUp()
      return served.call(name, input, signal)
    },
  }

  function isServed(name: CallName): boolean {
    return composed !== undefined || setUpBy === 'any-change' || nodeContract[name].beforeSetup
  }

  async function close(): Promise<void> {
    hub.close()
    await opening?.catch(() => undefined)
    const node = composed === undefined ? [] : [composed, { close: () => onClosed?.() }]
    await closeAll([...node, { close: closeLooks }, { close: releaseLock }])
  }

  return {
    client,
    isSetUp,
    lock: takeLock,
    open,
    tokens,
    figures: async () => (composed?.indexMemory === undefined ? {} : { index: await composed.indexMemory() }),
    async data() {
      if (opening === undefined) throw notSetUp()
      return (await opening).data
    },
    close: () => (closing ??= close()),
  }
}

function stopping(): UserError {
  return new UserError('unavailable', 'The node is stopping.')
}
