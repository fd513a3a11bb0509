/** The four components as the page names them, and their states as a colour, an icon and a word. */
import type { Component } from '../../shared/component'
import type { ComponentStatus, Role } from '../../shared/status'

export const componentName: Readonly<Record<Component, string>> = {
  storage: 'Storage',
  broker: 'Messages',
  index: 'Index',
  services: 'Services',
}

/** One of the state colours. Each also has an icon of its own, so that nothing depends on seeing colour. */
export type Tone = 'ok' | 'work' | 'warn' | 'bad' | 'quiet'

export interface StateWord {
  readonly tone: Tone
  readonly word: string
}

export const stateWord: Readonly<Record<ComponentStatus['status'], StateWord>> = {
  ok: { tone: 'ok', word: 'ok' },
  applying: { tone: 'work', word: 'applying' },
  waiting: { tone: 'quiet', word: 'waiting' },
  error: { tone: 'bad', word: 'error' },
  'needs-migration': { tone: 'warn', word: 'needs migration' },
}

export const roleName: Readonly<Record<Role, string>> = {
  none: 'Not set up',
  leader: 'Solo leader',
  member: 'Cluster member',
}

/** The first letters of a hash: enough to tell two apart. */
export function shortHash(hash: string): string {
  return hash.slice(0, 7)
}

/** The last letters of an id. Ids begin with the time, so those of one day begin alike. */
export function shortId(id: string): string {
  return id.slice(-7)
}
