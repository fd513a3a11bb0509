/** A bootstrap event as one line: a mark as in a plan, and a sentence. */
import type { BootstrapEvent } from '../../shared/events'
import { componentName, type Tone } from './component'

export interface EventLine {
  readonly mark: '+' | '~' | '-' | '!' | '='
  readonly tone: Tone
  /** The mark in a word, for those who hear the page. */
  readonly markName: string
  readonly subject: string
  readonly text: string
}

/** Undefined for what only announces that something begins: its end follows, and says more. */
export function eventLine(event: BootstrapEvent): EventLine | undefined {
  if (event.status === 'start' && event.action !== 'start') return undefined
  const subject = event.component === 'node' ? 'Node' : componentName[event.component]
  return { ...markOf(event), subject, text: textOf(event) }
}

function textOf(event: BootstrapEvent): string {
  if (event.message === undefined) return sentence(event)
  return event.action === 'pass' && event.status === 'ok' ? `pass finished: ${event.message}` : event.message
}

function markOf({ action, status }: BootstrapEvent): Pick<EventLine, 'mark' | 'tone' | 'markName'> {
  if (status === 'error') return { mark: '!', tone: 'bad', markName: 'error' }
  if (status === 'needs-migration') return { mark: '!', tone: 'warn', markName: 'needs migration' }
  if (action === 'create') return { mark: '+', tone: 'ok', markName: 'created' }
  if (action === 'update') return { mark: '~', tone: 'work', markName: 'changed' }
  if (action === 'destroy') return { mark: '-', tone: 'bad', markName: 'destroyed' }
  return { mark: '=', tone: 'quiet', markName: 'note' }
}

/** For an event that brings no message of its own. */
function sentence({ action, status, duration_ms }: BootstrapEvent): string {
  if (status === 'error') return `${action} failed`
  if (status === 'needs-migration') return 'needs a migration'
  const took = duration_ms === undefined ? '' : ` in ${Math.round(duration_ms)} ms`
  switch (action) {
    case 'pass':
      return `pass finished${took}`
    case 'start':
      return 'started'
    case 'stop':
      return 'stopped'
    case 'mode':
      return 'changed its mode'
    case 'plan':
      return `planned${took}`
    case 'create':
      return `created a resource${took}`
    case 'update':
      return `changed a resource${took}`
    case 'destroy':
      return `destroyed a resource${took}`
  }
}
