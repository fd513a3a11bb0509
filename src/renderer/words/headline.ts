/** The sentence that answers "is everything all right?" before anything else is read. */
import { type Component, components } from '../../shared/component'
import { migrationsLeft, type Status } from '../../shared/status'
import { componentName, type Tone } from './component'
import { count, list } from './count'

export interface Headline {
  readonly tone: Tone
  readonly text: string
}

/** Components whose name is a plural. */
const plural: ReadonlySet<Component | undefined> = new Set(['broker', 'services'])

export function headline(status: Status): Headline {
  if (status.role === 'none') return { tone: 'quiet', text: 'Not set up yet.' }

  const failing = components.filter((name) => status.components[name].status === 'error')
  if (failing.length > 0) {
    const isOne = failing.length === 1 && !plural.has(failing[0])
    return { tone: 'bad', text: `${list(failing.map((name) => componentName[name]))} ${isOne ? 'is' : 'are'} in error.` }
  }

  if (!status.converged) return { tone: 'work', text: 'Converging…' }

  const migrations = migrationsLeft(status)
  if (migrations > 0) {
    return { tone: 'warn', text: `Working. ${count(migrations, 'resource needs', 'resources need')} a migration.` }
  }
  return { tone: 'ok', text: `All is well. ${asAsked(status.resources)}` }
}

function asAsked(resources: number): string {
  if (resources === 0) return 'The profile asks for nothing yet.'
  return `${count(resources, 'resource is', 'resources are')} as the profile asks.`
}
