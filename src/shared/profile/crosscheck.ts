/**
 * What no schema can say: names that must be unique or declared, and settings that exclude one another. Each check looks
 * only at what it can read, so a mistake that was already reported causes no second error.
 */
import { eventExchange } from '../events'
import { argumentFindings, argumentsText } from './binding-arguments'
import { dependencyFindings } from './dependencies'
import type { Finding, Path, Place } from './findings'
import { exchangeModel } from './model'
import { type Grammar, nameError, serviceName, tagKey } from './names'
import { nearest } from './nearest'
import { type Lines, quote } from './text'
import { child, entries, isAbsent, items, type Node, text } from './tree'

/** A node with the path that leads to it. */
interface At {
  readonly node: Node | undefined
  readonly path: Path
}

export function crossCheck(root: Node, lines: Lines): Finding[] {
  const spec: At = { node: child(root, 'spec'), path: ['spec'] }
  return [
    ...storage(below(spec, 'storage'), lines),
    ...broker(below(spec, 'broker'), lines),
    ...index(below(spec, 'indices'), lines),
    ...services(below(spec, 'services'), lines),
  ]
}

function storage(section: At, lines: Lines): Finding[] {
  const buckets = each(below(section, 'buckets'))
  return [
    ...unique('bucket', buckets.map(name), lines),
    ...buckets.flatMap((bucket) => [
      ...keys(tagKey, below(bucket, 'tags')),
      ...unique(
        'lifecycle rule',
        each(below(bucket, 'lifecycle', 'rules')).map((rule) => below(rule, 'id')),
        lines,
      ),
      ...daysOrRules(below(bucket, 'lifecycle')),
    ]),
  ]
}

function daysOrRules(lifecycle: At): Finding[] {
  const map = entries(lifecycle.node)
  const days = map.get('days')
  const rules = map.get('rules')
  if (days === undefined || rules === undefined || isAbsent(days.node) || isAbsent(rules.node)) return []
  const [step, later] = days.key.at > rules.key.at ? ['days', days.key] : ['rules', rules.key]
  return [
    {
      path: [...lifecycle.path, step],
      place: later,
      message: '`days` and `rules` cannot stand together: `days` is the short form of one rule',
      hint: 'keep one of them; as a rule, `days: 30` is { id: thatdam-expire, expireDays: 30 }',
    },
  ]
}

function broker(section: At, lines: Lines): Finding[] {
  const exchanges = each(below(section, 'exchanges'))
  const queues = each(below(section, 'queues'))
  const bindings = each(below(section, 'bindings'))
  const typeOf = new Map(exchanges.flatMap(typeByName))
  return [
    ...unique('exchange', exchanges.map(name), lines),
    ...unique('queue', queues.map(name), lines),
    ...uniqueBindings(bindings, lines),
    ...declared('exchange', section, 'exchanges', [
      ...queues.map((one) => below(one, 'dlx')),
      ...bindings.map((one) => below(one, 'exchange')),
    ]),
    ...declared(
      'queue',
      section,
      'queues',
      bindings.map((one) => below(one, 'queue')),
    ),
    ...exchanges.flatMap(eventExchangeStays),
    ...bindings.flatMap(({ node, path }) => argumentFindings(node, path, typeOf)),
  ]
}

/** The type of an exchange, where both can be read. */
function typeByName(exchange: At): [name: string, type: string][] {
  const called = text(name(exchange).node)
  const { node } = below(exchange, 'type')
  const type = node === undefined ? 'topic' : text(node)
  return called === undefined || type === undefined || !types.some((one) => one === type) ? [] : [[called, type]]
}

const types = exchangeModel.shape.type.options
const otherTypes = types.filter((type) => type !== eventExchange.type)

/** The node publishes its own events by topic, whatever the profile says. */
function eventExchangeStays(exchange: At): Finding[] {
  const type = below(exchange, 'type')
  const written = text(type.node)
  if (text(name(exchange).node) !== eventExchange.name || type.node === undefined || !otherTypes.some((one) => one === written)) return []
  const message = `exchange ${quote(eventExchange.name)} must be of type ${quote(eventExchange.type)}: the node publishes its own events there`
  return [{ path: type.path, place: type.node.place, message, hint: 'give an exchange of another type another name' }]
}

function uniqueBindings(bindings: readonly At[], lines: Lines): Finding[] {
  const first = new Map<string, Place>()
  return bindings.flatMap(({ node, path }) => {
    const [exchange, queue] = [text(child(node, 'exchange')), text(child(node, 'queue'))]
    const key = isAbsent(child(node, 'key')) ? '' : text(child(node, 'key'))
    const given = argumentsText(child(node, 'arguments'))
    if (node === undefined || exchange === undefined || queue === undefined || key === undefined || given === undefined) return []
    const id = JSON.stringify([exchange, queue, key, given])
    const before = first.get(id)
    if (before === undefined) {
      first.set(id, node.place)
      return []
    }
    const what = `${quote(exchange)} to ${quote(queue)} with ${key === '' ? 'an empty key' : `the key ${quote(key)}`}${given === '' ? '' : ' and the same arguments'}`
    return [
      {
        path,
        place: node.place,
        message: `the binding of ${what} is written twice; the first is on line ${lines.at(before.at).line}`,
        hint: 'remove one of them',
      },
    ]
  })
}

function index(section: At, lines: Lines): Finding[] {
  const classes = each(below(section, 'weaviate', 'classes'))
  return [
    ...unique('class', classes.map(name), lines, 'without case'),
    ...classes.flatMap((one) => [
      ...unique(
        'property',
        each(below(one, 'properties')).map((property) => (property.node?.kind === 'map' ? name(property) : property)),
        lines,
        'without case',
      ),
      ...unique('tenant', each(below(one, 'tenants')), lines),
    ]),
  ]
}

function services(section: At, lines: Lines): Finding[] {
  const all = [...entries(section.node)].map(([key, { node }]): At => ({ node, path: [...section.path, key] }))
  return [
    ...keys(serviceName, section),
    ...all.flatMap((service) => [
      ...unique('module', each(below(service, 'modules')).map(name), lines),
      ...unique('migration', each(below(service, 'migrations')), lines),
      ...unique('service', each(below(service, 'dependsOn')), lines),
    ]),
    ...dependencyFindings(section.node, section.path),
  ]
}

/** Names of one list must differ; Weaviate takes two that differ only in case for one. */
function unique(noun: string, names: readonly At[], lines: Lines, compare?: 'without case'): Finding[] {
  const first = new Map<string, { readonly name: string; readonly place: Place }>()
  return names.flatMap(({ node, path }) => {
    const written = text(node)
    if (node === undefined || written === undefined) return []
    const id = compare === 'without case' ? written.toLowerCase() : written
    const before = first.get(id)
    if (before === undefined) {
      first.set(id, { name: written, place: node.place })
      return []
    }
    const { line } = lines.at(before.place.at)
    const message =
      before.name === written
        ? `${noun} ${quote(written)} is written twice; the first is on line ${line}`
        : `${noun} ${quote(written)} differs only in case from ${quote(before.name)} on line ${line}, and Weaviate takes them for one`
    return [{ path, place: node.place, message, hint: 'remove one of them, or give it another name' }]
  })
}

/** Every reference must name something declared in the list that `listKey` holds. Where that cannot be read, any reference may be right. */
function declared(noun: string, section: At, listKey: string, references: readonly At[]): Finding[] {
  const list = below(section, listKey)
  const misspelt = [...entries(section.node).keys()].some((key) => key !== listKey && nearest(key, [listKey]) !== undefined)
  if (isAbsent(list.node) ? misspelt : list.node?.kind !== 'list') return []
  const names = each(list).map((declaration) => text(name(declaration).node))
  const known = new Set(names.filter((one) => one !== undefined))
  if (names.includes(undefined)) return []
  return references.flatMap(({ node, path }) => {
    const wanted = text(node)
    if (node === undefined || wanted === undefined || known.has(wanted)) return []
    const hint = (): string => {
      const near = nearest(wanted, known)
      return near === undefined ? `add it to \`spec.broker.${listKey}\`` : `did you mean ${quote(near)}?`
    }
    return [{ path, place: node.place, message: `${noun} ${quote(wanted)} is not declared in this profile`, hint }]
  })
}

/** Keys that somebody chose keep to a grammar too. */
function keys(grammar: Grammar, { node, path }: At): Finding[] {
  return [...entries(node)].flatMap(([written, { key }]) => {
    const message = nameError(grammar, written)
    return message === undefined ? [] : [{ path: [...path, written], place: key, message, hint: grammar.allowed }]
  })
}

function below({ node, path }: At, ...steps: readonly string[]): At {
  return { node: child(node, ...steps), path: [...path, ...steps] }
}

function each({ node, path }: At): At[] {
  return items(node).map((item, i) => ({ node: item, path: [...path, i] }))
}

function name(at: At): At {
  return below(at, 'name')
}
