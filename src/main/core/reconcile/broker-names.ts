/** How bindings and queue policies are written and compared. */
import { canonicalArguments } from '../../../shared/profile/binding-arguments'
import type { BindingModel, QueueModel } from '../../../shared/profile/model'
import type { QueuePolicy } from '../ports/event-bus'
import type { Resource } from '../ports/journal'

export function wishedPolicy({ ttl, dlx }: QueueModel): QueuePolicy {
  return { ttl, dlx: dlx ?? null }
}

export function samePolicy(a: QueuePolicy, b: QueuePolicy): boolean {
  return a.ttl === b.ttl && a.dlx === b.dlx
}

export function isNone({ ttl, dlx }: QueuePolicy): boolean {
  return ttl === 0 && dlx === null
}

/** `overlay -> ingest : media.#`, with the arguments of a headers exchange behind it; a name with white space in it is quoted, so that no two bindings share a name. */
export function bindingName({ exchange, queue, key, arguments: more }: BindingModel): string {
  const given = canonicalArguments(more)
  return `${quoted(exchange)} -> ${quoted(queue)}${key === '' ? '' : ` : ${key}`}${given === '' ? '' : ` ${given}`}`
}

export function bindingValue({ exchange, queue, key, arguments: more }: BindingModel) {
  return { exchange, queue, key, ...(more === undefined ? {} : { arguments: more }) }
}

function quoted(name: string): string {
  return /\s|^"/.test(name) ? JSON.stringify(name) : name
}

const ends = /^("(?:[^"\\]|\\.)*"|\S*) -> ("(?:[^"\\]|\\.)*"|\S*)/

/** The exchange and the queue of a binding, from its name. */
export function bindingEnds(name: string): Resource[] {
  const [, exchange = '', queue = ''] = ends.exec(name) ?? []
  return [
    { kind: 'exchange', name: unquoted(exchange) },
    { kind: 'queue', name: unquoted(queue) },
  ]
}

function unquoted(word: string): string {
  return word.startsWith('"') ? JSON.parse(word) : word
}
