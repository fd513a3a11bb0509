/**
 * Filters in Weaviate's words. What is made here selects every object that the filter holds for, and perhaps more: values that the
 * server's index does not keep as they are (see texts.ts) are selected by the name of their property in `thatdamOdd`. Whoever
 * asks judges each object once more. Negations are carried down to the comparisons, where "perhaps more" stays true.
 */
import type { Filter } from '../../core/ports/vector-index'
import type { Comparison } from '../../core/vector-index/comparison'
import { elementType } from '../../core/vector-index/values'
import { own, type WeaviateClass } from './schema'
import { isOddDate, isOddText } from './texts'

/** The text of a `where`, or that every object, or none, can be meant. */
export type Where = string | 'all' | 'none'

/** The server has no words for it: it is left to whoever judges the objects. */
type Asked = Where | 'perhaps'

/** `filter` has been found fit for the class. */
export function whereOf(filter: Filter, about: WeaviateClass, negated = false): Where {
  if ('not' in filter) return whereOf(filter.not, about, !negated)
  if ('and' in filter || 'or' in filter) {
    const parts = ('and' in filter ? filter.and : filter.or).map((inner) => whereOf(inner, about, negated))
    return 'and' in filter !== negated ? both(parts) : either(parts)
  }
  return leaf(filter, about, negated)
}

function leaf(comparison: Comparison, { types, searchable, has }: WeaviateClass, negated: boolean): Where {
  const { field } = comparison
  const type = types.get(field) ?? ''
  if (!searchable.has(field)) return 'all'
  const [plain, negative] = comparison.op === 'ne' ? [{ ...comparison, op: 'eq' } as const, !negated] : [comparison, negated]
  const asked = plain.op === 'exists' ? exists(field) : compare(plain, type)
  const meant = negative !== (plain.op === 'exists' && plain.value === false) ? not(asked) : asked
  // Booleans, numbers and UUIDs are all in the index as they are; lists of them may be empty.
  const odd = has.has(own.odd) && /^(text|date|vectorRef)|\[\]$/.test(type) ? condition(own.odd, 'Equal', 'valueText', field) : 'none'
  return either([meant === 'perhaps' ? 'all' : meant, odd])
}

/** What of the values that are not odd the comparison holds for. */
function compare({ field, op, value }: Comparison, type: string): Asked {
  const element = elementType(type as 'text[]') ?? type
  const operator = operators[op]
  switch (element) {
    case 'text':
    case 'vectorRef':
      if (op === 'contains' && type === 'text') return like(field, value as string)
      // No such value is among those that are not odd, and the server would compare with another one.
      if (isOddText(value as string)) return operator === 'Equal' ? 'none' : 'perhaps'
      return condition(field, operator, 'valueText', value)
    case 'date':
      if (isOddDate(value as string)) return operator === 'Equal' ? 'none' : 'perhaps'
      return condition(field, operator, 'valueDate', value)
    case 'int':
      return compareInt(field, operator, value as number)
    case 'number':
      return condition(field, operator, 'valueNumber', value)
    case 'boolean':
      return condition(field, operator, 'valueBoolean', value)
    default:
      return condition(field, operator, 'valueText', (value as string).toLowerCase())
  }
}

const operators = {
  eq: 'Equal',
  ne: 'NotEqual',
  contains: 'Equal',
  exists: 'IsNull',
  lt: 'LessThan',
  lte: 'LessThanEqual',
  gt: 'GreaterThan',
  gte: 'GreaterThanEqual',
} as const

/** Whole numbers are compared with whole numbers: below 2.5 is below 3. */
function compareInt(field: string, operator: string, value: number): Where {
  if (operator === 'Equal' && !Number.isInteger(value)) return 'none'
  const rounded = operator === 'LessThan' || operator === 'GreaterThanEqual' ? Math.ceil(value) : Math.floor(value)
  // Beyond these there is no value, and JSON would not carry the number whole.
  if (rounded > Number.MAX_SAFE_INTEGER) return operator.startsWith('Less') ? exists(field) : 'none'
  if (rounded < Number.MIN_SAFE_INTEGER) return operator.startsWith('Greater') ? exists(field) : 'none'
  return condition(field, operator, 'valueInt', rounded)
}

/** The pattern has no way to say a star, a question mark or a backslash. */
function like(field: string, part: string): Asked {
  if (part === '') return exists(field)
  if (!part.isWellFormed() || /[*?\\]/.test(part) || part.includes('\u0000')) return 'perhaps'
  return condition(field, 'Like', 'valueText', `*${part}*`)
}

function exists(field: string): Where {
  return condition(field, 'IsNull', 'valueBoolean', false)
}

/** GraphQL's texts and numbers are written as JSON's. */
function condition(field: string, operator: string, kind: string, value: unknown): Where {
  return `{path:[${JSON.stringify(field)}],operator:${operator},${kind}:${JSON.stringify(value)}}`
}

function not(where: Asked): Asked {
  if (where === 'all') return 'none'
  if (where === 'perhaps') return where
  return where === 'none' ? 'all' : `{operator:Not,operands:[${where}]}`
}

function both(parts: readonly Where[]): Where {
  if (parts.includes('none')) return 'none'
  return joined(
    'And',
    parts.filter((part) => part !== 'all'),
    'all',
  )
}

function either(parts: readonly Where[]): Where {
  if (parts.includes('all')) return 'all'
  return joined(
    'Or',
    parts.filter((part) => part !== 'none'),
    'none',
  )
}

function joined(operator: 'And' | 'Or', parts: readonly Where[], none: Where): Where {
  if (parts.length === 0) return none
  return parts.length === 1 ? (parts[0] as Where) : `{operator:${operator},operands:[${parts.join(',')}]}`
}
