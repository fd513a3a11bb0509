/** From the schema's issues to sentences of our own, each with its place. */
import type { z } from 'zod'
import type { Finding, Path } from './findings'
import { nearest } from './nearest'
import { describe, knownKeys } from './schema-walk'
import { count, quote, quoteAll } from './text'
import { entries, type Found, find, isAbsent, type Node } from './tree'

type Issue = z.core.$ZodIssue

/** What is said about a value, before its place is known. */
interface Sentence {
  readonly message: string
  readonly hint?: string | undefined
}

export function explainIssues(issues: readonly Issue[], root: Node, schema: z.core.$ZodType): Finding[] {
  /** Where a key is misspelt, the key that it should be is not missing as well. */
  const meant = new Set<string>()
  const unknown = issues.flatMap((issue) => explainUnknown(issue, []))
  return [...unknown, ...issues.flatMap((issue) => explain(issue, []))]

  function explainUnknown(issue: Issue, base: Path): readonly Finding[] {
    const path = join(base, issue.path)
    if (issue.code === 'invalid_union') return alternative(issue, find(root, path)?.node).flatMap((inner) => explainUnknown(inner, path))
    if (issue.code !== 'unrecognized_keys') return []
    const known = knownKeys(schema, path)
    return issue.keys.flatMap((key) => {
      const place = entries(find(root, path)?.node).get(key)?.key
      const near = nearest(key, known)
      if (near !== undefined) meant.add(JSON.stringify([...path, near]))
      const hint = near === undefined ? `the known keys are ${quoteAll(known)}` : `did you mean ${quote(near)}?`
      return place === undefined ? [] : finding([...path, key], place, { message: `${quote(key)} is not a known key here`, hint })
    })
  }

  function explain(issue: Issue, base: Path): readonly Finding[] {
    const path = join(base, issue.path)
    const found = find(root, path)
    if (found === undefined || issue.code === 'unrecognized_keys') return []
    if (isAbsent(found.node)) {
      if (found.node === undefined && meant.has(JSON.stringify(path))) return []
      const message = `${subject(path)} ${found.node === undefined ? 'is missing' : 'has no value'}`
      return placed(path, found, { message, hint: description(path) })
    }
    if (issue.code === 'invalid_union') {
      const chosen = alternative(issue, found.node)
      if (chosen.length > 0) return chosen.flatMap((inner) => explain(inner, path))
      return placed(path, found, wrongKind(path, issue.errors.flat().flatMap(kindsWanted), found.node, description(path)))
    }
    const sentence = say(issue, path, found.node)
    return sentence === undefined ? [] : placed(path, found, sentence)
  }

  function say(issue: Issue, path: Path, node: Node | undefined): Sentence | undefined {
    switch (issue.code) {
      case 'custom':
        return { message: issue.message, hint: typeof issue.params?.hint === 'string' ? issue.params.hint : undefined }
      case 'invalid_type':
        return wrongKind(path, kindsWanted(issue), node, kindHint(issue.expected, node, knownKeys(schema, path)) ?? description(path))
      case 'invalid_value':
        return wrongValue(issue.values.map(String), path, node)
      case 'too_small':
        return { message: `${subject(path)} must be at least ${count(issue.minimum)}, but is ${shown(node)}`, hint: description(path) }
      case 'too_big':
        // Every whole number of the schema has a bound of its own, which is reported beside this one.
        if (issue.origin === 'int') return undefined
        return { message: `${subject(path)} must be at most ${count(issue.maximum)}, but is ${shown(node)}`, hint: description(path) }
      default:
        return { message: `${subject(path)} cannot be ${shown(node)}`, hint: description(path) }
    }
  }

  function description(path: Path): string | undefined {
    const text = describe(schema, path)
    return text === undefined ? undefined : text.charAt(0).toLowerCase() + text.slice(1).replace(/\.$/, '')
  }
}

function join(base: Path, steps: readonly PropertyKey[]): Path {
  return [...base, ...steps.map((step) => (typeof step === 'symbol' ? String(step) : step))]
}

/** A union is read as the alternative that the value was meant to be: the one whose kind it is. None where there is no such. */
function alternative(issue: Extract<Issue, { code: 'invalid_union' }>, node: Node | undefined): readonly Issue[] {
  const isText = node?.kind === 'scalar' && typeof node.value === 'string'
  const isOfOtherKind = (inner: Issue): boolean =>
    inner.path.length === 0 && (inner.code === 'invalid_type' || (inner.code === 'invalid_value' && !isText))
  const [chosen] = issue.errors.filter((branch) => !branch.some(isOfOtherKind)).toSorted((a, b) => a.length - b.length)
  return chosen ?? []
}

function finding(path: Path, place: Finding['place'], { message, hint }: Sentence): readonly Finding[] {
  return [{ path, place, message, ...(hint === undefined ? {} : { hint }) }]
}

/** At the value; where there is none, at its key, and where there is no key, at what should have it. */
function placed(path: Path, { node, key, parent }: Found, sentence: Sentence): readonly Finding[] {
  const place = isAbsent(node) ? (key ?? node?.place ?? parent?.place) : node?.place
  return place === undefined ? [] : finding(path, place, sentence)
}

function wrongKind(path: Path, wanted: readonly string[], node: Node | undefined, hint: string | undefined): Sentence {
  const kinds = [...new Set(wanted)]
  const last = kinds.pop() ?? ''
  const choice = kinds.length === 0 ? last : `${kinds.join(', ')} or ${last}`
  return { message: `${subject(path)} must be ${choice}, but is ${shown(node)}`, hint }
}

function wrongValue(values: readonly string[], path: Path, node: Node | undefined): Sentence {
  const message = `${subject(path)} cannot be ${shown(node)}`
  const [first, ...others] = values
  if (first !== undefined && others.length === 0) return { message, hint: `it must be ${quote(first)}` }
  const near = node?.kind === 'scalar' ? nearest(node.source, values) : undefined
  const allowed = `it can be ${quoteAll(values, 'or')}`
  return { message, hint: near === undefined ? allowed : `did you mean ${quote(near)}? ${allowed}` }
}

function kindsWanted(issue: Issue): readonly string[] {
  if (issue.code === 'invalid_value') return issue.values.map((value) => quote(String(value)))
  return issue.code === 'invalid_type' ? [kindName(issue.expected)] : []
}

function subject(path: Path): string {
  const last = path.at(-1)
  if (last === undefined) return 'the profile'
  if (typeof last === 'string') return quote(last)
  const holder = path.findLast((step) => typeof step === 'string')
  return holder === undefined ? 'this item' : `this item of ${quote(String(holder))}`
}

function kindName(expected: string): string {
  const names: Readonly<Record<string, string>> = {
    string: 'a text',
    number: 'a whole number',
    int: 'a whole number',
    boolean: '`true` or `false`',
    array: 'a list',
    object: 'a mapping of keys to values',
    record: 'a mapping of keys to values',
  }
  return names[expected] ?? expected
}

function shown(node: Node | undefined): string {
  if (node?.kind === 'map') return 'a mapping'
  if (node?.kind === 'list') return 'a list'
  if (node?.kind !== 'scalar' || node.value === null) return 'empty'
  if (typeof node.value === 'string') return `the text ${quote(node.source)}`
  return typeof node.value === 'number' ? `the number ${quote(node.source)}` : quote(node.source)
}

/** What to write instead, where a value of the wrong kind shows what was meant. */
function kindHint(expected: string, node: Node | undefined, keys: readonly string[]): string | undefined {
  if (node?.kind === 'map') return expected === 'array' ? 'begin each item with "- "' : undefined
  if (node?.kind === 'list')
    return expected === 'object' || expected === 'record' ? 'write keys and values, without "- " or [ ]' : undefined
  if (node?.kind !== 'scalar' || node.source.length > 60 || /\n/.test(node.source)) return undefined
  const { value, source } = node
  if (expected === 'string') return `put it in quotes: "${source}"`
  if (expected === 'array') return `write a list: [${source}]`
  if (expected === 'object' && keys.includes('name')) return `write { name: ${source} }`
  if (typeof value !== 'string') return undefined
  if (expected === 'number' && /^\d+$/.test(source)) return `remove the quotes: ${source}`
  if (expected === 'boolean' && /^(yes|on|y|true)$/i.test(source)) return 'write true, without quotes'
  if (expected === 'boolean' && /^(no|off|n|false)$/i.test(source)) return 'write false, without quotes'
  return undefined
}
