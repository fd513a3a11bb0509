/** The status surface in a few lines: is everything all right, who is this node, and what is wrong where. */
import { type Component, components } from '../../../shared/component'
import { type BackendStatus, migrationsLeft, type Status } from '../../../shared/status'
import { columns, count, lines, moment, oneLine, type Paint, short } from './text'

export function renderStatus(status: Status, paint: Paint): string {
  return lines(
    paint('bold', headline(status)),
    '',
    ...facts(status),
    ...(status.role === 'none' ? [] : ['', ...componentTable(status)]),
    ...troubles(status, paint),
  )
}

/** The sentence that answers "is everything all right?". */
function headline(status: Status): string {
  if (status.role === 'none') return 'Not set up yet: open the page of this node and start it there.'
  const since = `since ${moment(status.since)}`
  if (!status.converged) return `Not converged ${since}.`
  const migrations = migrationsLeft(status)
  return `Converged ${since}${migrations === 0 ? `: ${asAsked(status.resources)}` : `, but ${leftToMigrate(migrations)}`}.`
}

/** `14 resources are as the profile asks`. */
export function asAsked(resources: number): string {
  return `${count(resources, 'resource')} ${resources === 1 ? 'is' : 'are'} as the profile asks`
}

/** `2 resources are left to migrate`. */
export function leftToMigrate(migrations: number): string {
  return `${count(migrations, 'resource')} ${migrations === 1 ? 'is' : 'are'} left to migrate`
}

function facts(status: Status): string[] {
  const { node_id: id, role, version, data_dir: data, revision, generation, pass } = status
  return columns([
    ['version', version],
    ...(role === 'none' ? [] : [['node', `${id} (${role})`]]),
    ['data', oneLine(data)],
    ...(revision === null ? [] : [['profile', `revision ${revision}${generation === null ? '' : `, generation ${short(generation)}`}`]]),
    ...(pass === null ? [] : [['last pass', `${pass.number}, ${moment(pass.at)}, took ${Math.round(pass.duration_ms)} ms`]]),
  ])
}

/** The backend of a component. */
function backendOf({ backends }: Status, component: Component): BackendStatus | undefined {
  const { storage, bus, index } = backends
  return { storage, broker: bus, index, services: undefined }[component]
}

/** `fs`, or `minio at http://…`. */
export function servedBy(status: Status, component: Component): string {
  const { adapter } = status.components[component]
  const external = backendOf(status, component)?.external ?? null
  return external === null ? adapter : `${adapter} at ${oneLine(external)}`
}

function componentTable(status: Status): string[] {
  return columns(
    components.map((component) => {
      const { status: state, mode, last_apply: last } = status.components[component]
      return [
        component,
        state,
        servedBy(status, component),
        mode,
        last === null ? 'nothing applied yet' : `${count(last.changes, 'change')} at ${moment(last.at)}`,
      ]
    }),
  )
}

function troubles(status: Status, paint: Paint): string[] {
  const found = [
    ...components.flatMap((component) => {
      const { errors, needs_migration: migrations } = status.components[component]
      return [
        ...errors.map((error) => `${paint('red', 'error')} ${subject(component, error.name)}: ${oneLine(error.message)} (${error.code})`),
        ...migrations.map(({ name, reason }) => `${paint('yellow', 'needs migration')} ${subject(component, name)}: ${oneLine(reason)}`),
      ]
    }),
    ...status.warnings.map((warning) => `${paint('yellow', 'warning')} ${oneLine(warning)}`),
  ]
  return found.length === 0 ? [] : ['', ...found]
}

function subject(component: string, name: string | undefined): string {
  return name === undefined ? component : `${component} ${oneLine(name)}`
}
