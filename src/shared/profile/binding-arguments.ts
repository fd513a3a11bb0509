/** What the arguments of a binding must keep to beyond their types: only a headers exchange has a use for them. */
import { canonicalJson } from '../hash'
import { compareUtf8 } from '../order'
import type { Finding, Path } from './findings'
import type { BindingModel } from './model'
import { headerName, nameError } from './names'
import { nearest } from './nearest'
import { quote, quoteAll } from './text'
import { child, entries, isAbsent, type Node, text } from './tree'

const matches = ['all', 'any', 'all-with-x', 'any-with-x']

/** `exchangeTypes` are the types that can be read, by name of the exchange. */
export function argumentFindings(binding: Node | undefined, path: Path, exchangeTypes: ReadonlyMap<string, string>): Finding[] {
  const found = [...entries(child(binding, 'arguments'))]
  const key = entries(binding).get('arguments')?.key
  if (found.length === 0 || key === undefined) return []
  const at = [...path, 'arguments']
  return [
    ...onOtherExchange(text(child(binding, 'exchange')) ?? '', exchangeTypes).map((finding) => ({ ...finding, path: at, place: key })),
    ...found.flatMap(([name, { key: place }]): Finding[] => {
      const message = nameError(headerName, name)
      return message === undefined ? [] : [{ path: [...at, name], place, message, hint: headerName.allowed }]
    }),
    ...found.flatMap(([name, { node }]) => (name === 'x-match' ? unknownMatch(node, [...at, name]) : [])),
  ]
}

function onOtherExchange(exchange: string, types: ReadonlyMap<string, string>): Pick<Finding, 'message' | 'hint'>[] {
  const type = types.get(exchange)
  if (type === undefined || type === 'headers') return []
  return [
    {
      message: `exchange ${quote(exchange)} is of type ${quote(type)}, and only one of type \`headers\` compares arguments`,
      hint: 'remove the arguments, or bind to an exchange of type headers',
    },
  ]
}

function unknownMatch(node: Node, path: Path): Finding[] {
  const written = text(node)
  if (written === undefined || matches.includes(written)) return []
  const near = nearest(written, matches)
  const allowed = `it can be ${quoteAll(matches, 'or')}`
  const hint = near === undefined ? allowed : `did you mean ${quote(near)}? ${allowed}`
  return [{ path, place: node.place, message: `\`x-match\` cannot be the text ${quote(written)}`, hint }]
}

/** The arguments as they are written, by `canonicalArguments`; undefined where they cannot be read. */
export function argumentsText(node: Node | undefined): string | undefined {
  if (isAbsent(node)) return ''
  const found = [...entries(node)]
  if (node?.kind !== 'map' || found.some(([, { node: value }]) => text(value) === undefined)) return undefined
  return canonicalArguments(Object.fromEntries(found.map(([name, { node: value }]) => [name, text(value) ?? ''])))
}

/** Arguments as one text, the same for any order of them and `''` for none. */
export function canonicalArguments(given: Readonly<Record<string, string>> | undefined): string {
  return given === undefined || Object.keys(given).length === 0 ? '' : canonicalJson(given)
}

/** The order in which bindings are written down: by exchange, queue, key, arguments. */
export function compareBindings(a: BindingModel, b: BindingModel): number {
  return (
    compareUtf8(a.exchange, b.exchange) ||
    compareUtf8(a.queue, b.queue) ||
    compareUtf8(a.key, b.key) ||
    compareUtf8(canonicalArguments(a.arguments), canonicalArguments(b.arguments))
  )
}
