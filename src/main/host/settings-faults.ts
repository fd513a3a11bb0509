/** What is wrong with `settings.json`, from the schema's issues to sentences of our own. */
import type { z } from 'zod'
import { type ErrorDetail, UserError } from '../../shared/errors'
import { nearest } from '../../shared/profile/nearest'
import { knownKeys } from '../../shared/profile/schema-walk'

/** One fault: a field, what is said of it, and what to do where that is more than to mend it. */
export interface Fault {
  /** Dotted; `''` for the document. */
  readonly path: string
  /** Continues the name of the field: `must be at least 1, but is 0`. */
  readonly says: string
  readonly hint?: string
}

/** One fault in one sentence, and several in a list: none is told twice. */
export function faulty(file: string, faults: readonly Fault[], cause?: unknown): UserError {
  const hint = 'Mend or remove what is named; without the file the defaults serve.'
  const [first, ...others] = faults
  if (first !== undefined && others.length === 0) {
    const subject = first.path === '' ? 'the document' : first.path
    return new UserError('invalid-setting', `${file}: ${subject} ${first.says}.`, { hint: first.hint ?? hint, cause })
  }
  const details = faults.map(({ path, says, hint }): ErrorDetail => ({ path, message: says, ...(hint === undefined ? {} : { hint }) }))
  return new UserError('invalid-setting', `${file} has ${faults.length} faults.`, { hint, details, cause })
}

type Issue = z.core.$ZodIssue

export function faultsOf(issues: readonly Issue[], value: unknown, schema: z.core.$ZodType): Fault[] {
  return issues.flatMap((issue): Fault[] => {
    const path = issue.path.map(String)
    const field = path.join('.')
    if (issue.code === 'unrecognized_keys') {
      const known = knownKeys(schema, path)
      return issue.keys.map((key) => ({ path: [...path, key].join('.'), says: 'is no setting', hint: whatElse(key, known) }))
    }
    // Every whole number of the schema has a bound of its own, which is reported beside this one.
    if (issue.code === 'too_big' && issue.origin === 'int') return []
    return [{ path: field, says: said(issue, at(value, path)) }]
  })
}

function whatElse(key: string, known: readonly string[]): string {
  const near = nearest(key, known)
  return near === undefined ? `Remove it: the settings there are ${known.join(', ')}.` : `Did you mean ${near}?`
}

function said(issue: Issue, found: unknown): string {
  switch (issue.code) {
    case 'invalid_type':
      return `must be ${kinds[issue.expected] ?? issue.expected}, but is ${shown(found)}`
    case 'too_small':
      return `must be ${issue.inclusive === false ? 'more than' : 'at least'} ${issue.minimum}, but is ${shown(found)}`
    case 'too_big':
      if (issue.origin === 'string') return `must have no more than ${issue.maximum} characters`
      return `must be ${issue.inclusive === false ? 'less than' : 'at most'} ${issue.maximum}, but is ${shown(found)}`
    case 'custom':
      return issue.message
    default:
      return `cannot be ${shown(found)}`
  }
}

const kinds: Readonly<Record<string, string>> = {
  int: 'a whole number',
  number: 'a number',
  string: 'a text',
  object: 'an object, in { }',
}

function at(value: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>(
    (inner, step) => (typeof inner === 'object' && inner !== null ? (inner as Readonly<Record<string, unknown>>)[step] : undefined),
    value,
  )
}

const longest = 60

function shown(value: unknown): string {
  if (Array.isArray(value)) return 'a list'
  if (typeof value === 'object' && value !== null) return 'an object'
  if (typeof value !== 'string') return String(value)
  return value.length > longest ? 'a long text' : `the text ${JSON.stringify(value)}`
}
