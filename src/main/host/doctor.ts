/** Checks of this machine and of each adapter, each with a sentence and, where it fails, what to do. Reads only. */
import { constants } from 'node:fs'
import { access, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { PortComponent } from '../../shared/component'
import { toErrorBody } from '../../shared/errors'
import type { Doctor } from '../../shared/node-contract'
import { busFile } from '../adapters/bus-inproc/schema'
import { identityFile } from '../adapters/identity-file'
import { indexFile } from '../adapters/index-mem/schema'
import { viewDatabase } from '../adapters/sqlite/database'
import { layoutOf } from '../adapters/storage-fs/layout'
import type { Queries } from '../core/node/queries'
import type { Examinable } from '../core/ports/examinable'
import { adaptersOf, type OpenExternals } from './backends'
import type { Config } from './config'
import { freeBytes } from './disk'
import { leftHere } from './left-here'

type Check = Doctor['checks'][number]

export interface DoctorParts {
  readonly config: Config
  readonly queries: Queries
  readonly externals: OpenExternals
  /** The address at which this node serves; undefined when none runs. */
  readonly url: string | undefined
}

const enoughBytes = 1024 * 1024 * 1024

export async function examine({ config, queries, externals, url }: DoctorParts, signal: AbortSignal): Promise<Doctor> {
  const { paths, dataDir } = config
  // First, because it reads which vhost the profile is about.
  const profile = check('profile', async () => {
    const { summary, errors } = await queries.plan({ allow_destructive: false }, signal)
    const open = summary.create + summary.update
    const seen = `${summary.none} resources as wished, ${open} to do, ${summary.needs_migration} need a migration`
    if (errors.length === 0) return seen
    const unseen = errors.map(({ component, message }) => `${component} could not be looked at: ${message}`)
    throw new Advice([seen, ...unseen].join('; '), 'Mend what the checks of that component name, then look again.')
  })
  const groups = await Promise.all([
    check('node', async () => `Node ${process.versions.node} on ${process.platform} ${process.arch}`),
    check('data directory', () => writable(dataDir)),
    check('disk space', () => space(dataDir)),
    check('identity', async () => {
      const cluster = await identityFile(paths.cluster).read()
      return cluster === undefined ? 'not set up yet' : `${cluster.role} ${cluster.node_id}`
    }),
    ...Object.entries({
      journal: paths.journal,
      storage: layoutOf(paths.storage).catalogue,
      bus: busFile(paths.bus),
      index: indexFile(paths.index),
    }).map(([name, file]) => check(`${name} database`, async () => integrity(file))),
    profile,
    ...serversOf(externals).map(async ([component, server]) => {
      await profile
      return serverChecks(`${component} (${adaptersOf(config)[component]})`, server, config, signal)
    }),
    [...leftHere(config)].map(([component, message]) => ({ name: `${component} on this computer`, ok: true, message })),
    check('service', async () => (url === undefined ? 'no node runs on this data directory' : `serving on ${url}`)),
  ])
  const checks = groups.flat()
  return { ok: checks.every((one) => one.ok), checks }
}

function serversOf({ storage, bus, index }: OpenExternals): readonly (readonly [PortComponent, Examinable])[] {
  return (
    [
      ['storage', storage],
      ['broker', bus],
      ['index', index],
    ] as const
  ).flatMap(([component, server]) => (server === undefined ? [] : [[component, server] as const]))
}

/** Of that many deadlines, one for each thing that is looked at in turn, an examination takes no more. */
const longestExamination = 8

/** What a server says of itself, or that it took too long to. */
async function serverChecks(name: string, server: Examinable, { settings }: Config, signal: AbortSignal): Promise<Check[]> {
  const late = AbortSignal.timeout(settings.external.deadlineMs * longestExamination)
  try {
    const findings = await server.examine(AbortSignal.any([signal, late]))
    return findings.map((finding) => ({ ...finding, name: `${name}: ${finding.name}` }))
  } catch (error) {
    if (signal.aborted || !late.aborted) throw error
    return [
      {
        name,
        ok: false,
        message: 'It did not answer in time.',
        advice: 'Check that the address is the right one and that the server is not overloaded.',
      },
    ]
  }
}

async function check(name: string, look: () => Promise<string>): Promise<Check> {
  try {
    return { name, ok: true, message: await look() }
  } catch (error) {
    const { message, hint } = error instanceof Advice ? error : toErrorBody(error)
    return { name, ok: false, message, ...(hint === undefined ? {} : { advice: hint }) }
  }
}

class Advice extends Error {
  constructor(
    message: string,
    readonly hint: string,
  ) {
    super(message)
  }
}

async function writable(dataDir: string): Promise<string> {
  const nearest = await nearestExisting(dataDir)
  try {
    await access(nearest, constants.W_OK)
  } catch {
    throw new Advice(
      `${nearest} cannot be written by this user.`,
      'Check who owns it and its permissions, or choose another directory with --data.',
    )
  }
  if (!(await stat(nearest)).isDirectory())
    throw new Advice(`${nearest} is not a directory.`, 'Move the file away, or choose another directory with --data.')
  return nearest === dataDir ? dataDir : `${dataDir} will be made`
}

async function space(dataDir: string): Promise<string> {
  const free = await freeBytes(dataDir)
  const text = `${(free / 1024 ** 3).toFixed(1)} GiB free`
  if (free < enoughBytes)
    throw new Advice(`only ${text}`, 'Free some space on that disk, or choose a data directory on another one with --data.')
  return text
}

/** SQLite's own check, on a read-only connection. */
function integrity(file: string): string {
  const view = viewDatabase(file)
  try {
    const db = view.get()
    if (db === undefined) return 'not there yet'
    const result = db.pragma('quick_check(1)', { simple: true })
    if (result !== 'ok') {
      throw new Advice(
        `${file} is damaged: ${String(result)}`,
        'Stop the node and restore the file from a backup, or move it (with its -wal and -shm files) out of the way.',
      )
    }
    return 'intact'
  } finally {
    view.close()
  }
}

async function nearestExisting(path: string): Promise<string> {
  try {
    await stat(path)
    return path
  } catch (error) {
    const parent = dirname(path)
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT' || parent === path) throw error
    return nearestExisting(parent)
  }
}
