/** What has changed from one status to the next, in sentences for somebody who watches. */
import { type Component, components } from '../../../shared/component'
import { type Mode, migrationsLeft, type Status } from '../../../shared/status'
import { asAsked, leftToMigrate, servedBy } from './status'
import { count, oneLine, short } from './text'

/** What was last said of a component. A pass in between (`applying`, `waiting`) is no news, so it does not count as a state. */
interface Said {
  settled: 'ok' | 'error' | 'needs-migration' | undefined
  details: string
  appliedAt: string | undefined
  mode: Mode | undefined
}

/**
 * Tell the statuses of one running node in the order in which they come. Each call returns the sentences that are news;
 * none when nothing has changed that a person would care about.
 */
export function createNarrator(): (status: Status) => string[] {
  let previous: Status | undefined
  const said = new Map<Component, Said>()

  return (status) => {
    const before = previous
    previous = status
    if (status.role === 'none') return before?.role === 'none' ? [] : ['Not set up yet: open the page to look at what starting creates.']
    const sentences = [...identity(before, status)]
    for (const component of components) {
      const memory = said.get(component) ?? { settled: undefined, details: '', appliedAt: undefined, mode: undefined }
      said.set(component, memory)
      sentences.push(...componentNews(component, status, memory))
    }
    const known = new Set(before?.warnings)
    sentences.push(...status.warnings.filter((warning) => !known.has(warning)).map((warning) => `Warning: ${oneLine(warning)}`))
    sentences.push(...convergence(before, status, sentences.length > 0))
    return sentences
  }
}

function identity(before: Status | undefined, status: Status): string[] {
  if (before === undefined) return []
  if (before.role === 'none') return [`Set up as ${status.role}: node ${status.node_id}.`]
  if (before.revision === status.revision || status.revision === null) return []
  return [`Profile revision ${status.revision}${status.generation === null ? '' : `, generation ${short(status.generation)}`}.`]
}

function componentNews(component: Component, status: Status, said: Said): string[] {
  const now = status.components[component]
  const sentences: string[] = []

  // An apply of an earlier process is in the status too, and no news.
  const applied = now.last_apply
  if (applied !== null && applied.at !== said.appliedAt && applied.at >= status.started_at) {
    sentences.push(`${component}: applied ${count(applied.changes, 'change')}.`)
  }
  said.appliedAt = applied?.at

  // Before the first look nothing is known of a server.
  if (now.at !== null) {
    if (now.mode !== said.mode && (said.mode !== undefined || now.mode !== 'local')) sentences.push(...modeNews(component, status))
    said.mode = now.mode
  }

  if (now.status === 'applying' || now.status === 'waiting') return sentences
  // By name: how much a change would take is another number at each look, and no news.
  const stuck = now.needs_migration.map(({ name }) => name)
  const details = JSON.stringify([now.errors, stuck])
  if (now.status === said.settled && details === said.details) return sentences
  if (said.settled === 'error' && now.status !== 'error') sentences.push(`${component}: well again.`)
  for (const { name, message } of now.errors) sentences.push(`${component} is in error: ${subject(name)}${oneLine(message)}`)
  for (const { name, reason } of now.needs_migration) sentences.push(`${component} needs a migration: ${subject(name)}${oneLine(reason)}`)
  said.settled = now.status
  said.details = details
  return sentences
}

function modeNews(component: Component, status: Status): string[] {
  const { mode, errors } = status.components[component]
  const server = servedBy(status, component)
  if (mode === 'forward') return [`${component}: served by ${server}.`]
  // The error says what is wrong with the server, and where it is.
  if (mode === 'degraded') return errors.length > 0 ? [] : [`${component}: ${server} is out of reach.`]
  return [`${component}: mode ${mode}.`]
}

function subject(name: string | undefined): string {
  return name === undefined ? '' : `${oneLine(name)}: `
}

function convergence(before: Status | undefined, status: Status, explained: boolean): string[] {
  const wasSetUp = before !== undefined && before.role !== 'none'
  if (wasSetUp && before.converged === status.converged) return []
  if (!status.converged) return explained && wasSetUp ? [] : ['Converging.']
  const migrations = migrationsLeft(status)
  return [`Converged${migrations === 0 ? `: ${asAsked(status.resources)}` : `, but ${leftToMigrate(migrations)}`}.`]
}
