/**
 * The composition root: the one place that names concrete adapters. Long, flat and boring on purpose.
 *
 * Where a server of the owner's is configured (`backends.ts`), it serves instead of the embedded backend, which is then not opened.
 * `composeViews` opens what a look needs, read-only. `composeNode` opens a node that is set up, or sets it up.
 */
import type { Cluster } from '../../shared/cluster'
import { openBusInproc } from '../adapters/bus-inproc/bus-inproc'
import { viewBusInproc } from '../adapters/bus-inproc/view'
import { systemClock } from '../adapters/clock-system'
import { identityFile } from '../adapters/identity-file'
import { openIndexMem } from '../adapters/index-mem/index-mem'
import { viewIndexMem } from '../adapters/index-mem/view'
import { openJournal } from '../adapters/journal-sqlite/journal-sqlite'
import { viewJournal } from '../adapters/journal-sqlite/view'
import { openStorageFs } from '../adapters/storage-fs/storage-fs'
import { viewStorageFs } from '../adapters/storage-fs/view'
import { tickFile } from '../adapters/tick-file'
import { becomeLeader } from '../core/discovery/identity'
import { createOutbox } from '../core/discovery/outbox'
import { createNode, type Node } from '../core/node/node'
import type { NoticeHub } from '../core/node/notices'
import { createQueries, type Queries } from '../core/node/queries'
import type { NodeFacts } from '../core/node/status'
import type { DataPlane } from '../core/ports/data-plane'
import type { IndexMemory } from '../core/ports/vector-index'
import { brokerDeclaration } from '../core/reconcile/broker'
import { handsOf, type Planner, planner } from '../core/reconcile/declaration'
import type { EngineSettings } from '../core/reconcile/engine'
import { servicesPlanner } from '../core/reconcile/services'
import { storageDeclaration } from '../core/reconcile/storage'
import { indexDeclaration } from '../core/reconcile/vector-classes'
import { createUpkeep, type Upkeep } from '../core/upkeep/upkeep'
import { adaptersOf, dedupeOf, externalsOf, type OpenExternals, openExternals, standsOf } from './backends'
import { closeAll } from './close-all'
import type { Config } from './config'
import { emptyViews } from './empty-views'
import { leftHere } from './left-here'
import type { NodeLog } from './logging'
import { builtInProfile, indexWorkerFile, productVersion } from './product'

export interface Views {
  readonly planners: readonly Planner[]
  readonly queries: ReturnType<typeof createQueries>
  /** Leaves the externals open: they are their opener's. */
  close(): Promise<void>
}

/**
 * Read-only views on the data directory, and on the externals that serve instead of it. `used` says whether any process ever worked
 * there: if not, nothing in it is opened at all.
 */
export function composeViews(config: Config, used: boolean, externals: OpenExternals): Views {
  const { paths } = config
  const stands = standsOf(config)
  const opened: { close(): Promise<void> }[] = []
  const keep = <T extends { close(): Promise<void> }>(one: T): T => {
    opened.unshift(one)
    return one
  }
  const storage = externals.storage ?? keep(used ? viewStorageFs(paths.storage) : emptyViews.storage)
  const broker = externals.bus ?? keep(used ? viewBusInproc(paths.bus) : emptyViews.broker)
  const index = externals.index ?? keep(used ? viewIndexMem(paths.index) : emptyViews.index)
  const journal = keep(used ? viewJournal(paths.journal) : emptyViews.journal)
  const planners: Planner[] = [
    planner(storageDeclaration, stands.storage, storage, journal, systemClock),
    planner(brokerDeclaration, stands.broker, broker, journal, systemClock),
    planner(indexDeclaration, stands.index, index, journal, systemClock),
    servicesPlanner,
  ]
  return {
    planners,
    queries: createQueries({ planners, revisions: journal, journal, builtInProfile: builtInProfile() }),
    close: () => closeAll(opened),
  }
}

export interface ComposedNode {
  readonly node: Node
  readonly handlers: Queries & Node['commands']
  readonly cluster: Cluster
  readonly data: DataPlane
  /** What the embedded index keeps in memory; absent where another serves. */
  readonly indexMemory: IndexMemory['memory'] | undefined
  readonly externals: OpenExternals
  close(): Promise<void>
}

export interface NodeShell {
  readonly hub: NoticeHub
  readonly log: NodeLog
  readonly startedAt: string
  readonly onCrash: (error: unknown) => void
}

/** The caller holds the lock. What was opened is closed again when opening the rest fails. */
export async function composeNode(config: Config, shell: NodeShell): Promise<ComposedNode> {
  const { paths } = config
  const opened: { close(): Promise<void> }[] = []
  const keep = <T extends { close(): Promise<void> }>(one: T): T => {
    opened.unshift(one)
    return one
  }
  try {
    // Read first: an identity that cannot be read stops everything before anything is opened or made.
    const identity = identityFile(paths.cluster)
    await identity.read()
    const clock = systemClock
    const journal = openJournal(paths.journal)
    keep({ close: () => journal.shutdown() })
    const vhost = () => node.vhost()
    const dedupe = dedupeOf(config.settings)
    const externals = keep(await openExternals(config, vhost))
    const storage = externals.storage ?? keep(openStorageFs(paths.storage, { now: clock.now, uuid: clock.uuid }))
    const bus = externals.bus ?? keep(openBusInproc(paths.bus, { uuid: clock.uuid, now: clock.now, vhost, dedupe }))
    const index = externals.index ?? keep(openIndexMem(paths.index, { workerFile: indexWorkerFile }))
    const views = keep(composeViews(config, true, externals))
    // The last thing that set-up writes: whoever finds it finds everything else too.
    const cluster = await becomeLeader(identity, clock)

    const outbox = createOutbox({
      journal,
      bus,
      shaper: bus,
      vhost,
      encode: (text) => new TextEncoder().encode(text),
      log: shell.log,
    })
    // A server looks after itself.
    const upkeep =
      'survey' in storage
        ? createUpkeep({
            storage,
            ticks: tickFile(paths.upkeep),
            clock,
            log: shell.log,
            settings: config.settings.upkeep,
            onWarnings: () => node.announce(),
            onCrash: shell.onCrash,
          })
        : noUpkeep
    const stands = standsOf(config)
    const hands = [
      handsOf(storageDeclaration, stands.storage, storage),
      handsOf(brokerDeclaration, stands.broker, bus),
      handsOf(indexDeclaration, stands.index, index),
    ]
    const left = [...leftHere(config).values()]
    const node: Node = await createNode({
      cluster,
      planners: views.planners,
      appliers: hands.map(({ applier }) => applier),
      destroyers: hands.map(({ destroyer }) => destroyer),
      intents: journal,
      journal,
      revisions: journal,
      outbox,
      clock,
      log: shell.log,
      settings: engineSettings(config),
      facts: factsOf(config),
      builtInProfile: builtInProfile(),
      startedAt: shell.startedAt,
      hub: shell.hub,
      onCrash: shell.onCrash,
      warnings: () => [...left, ...upkeep.warnings()],
      onFullLook: upkeep.surveySoon,
    })
    return {
      node: {
        ...node,
        // What was done by hand while no node ran is noticed once there is something to compare it with.
        run: () => node.run().then(upkeep.run),
      },
      cluster,
      data: { storage, bus, index },
      indexMemory: 'memory' in index ? index.memory : undefined,
      externals,
      handlers: { ...views.queries, ...node.commands },
      async close() {
        await closeAll([{ close: upkeep.stop }, { close: () => node.stop() }, ...opened])
      },
    }
  } catch (error) {
    await closeAll(opened)
    throw error
  }
}

const noUpkeep: Upkeep = { run: () => {}, surveySoon: () => {}, warnings: () => [], stop: async () => {} }

/** What the status surface says of this node whatever becomes of it. */
export function factsOf(config: Config): NodeFacts {
  return { version: productVersion, dataDir: config.dataDir, adapters: adaptersOf(config), externals: externalsOf(config) }
}

/** So many deadlines of a server that says nothing, and a pass waits for it no longer. */
const patientDeadlines = 3
/** Milliseconds. The same bound holds for what is embedded, which a short deadline for servers must not leave without a second try. */
const leastPatience = 2_000

function engineSettings({ settings: { reconcile, external } }: Config): EngineSettings {
  const { attempts, backoffMs } = reconcile
  const patienceMs = Math.max(leastPatience, patientDeadlines * external.deadlineMs)
  return {
    driftIntervalMs: reconcile.driftIntervalMs,
    retry: {
      attempts,
      backoffMs: backoffMs.min,
      maxBackoffMs: backoffMs.max,
      patienceMs,
    },
    togetherMs: patienceMs,
    parallel: reconcile.parallel,
  }
}
