/** Values of properties: what each type may hold, and what two of them are compared by. */
import { compareUtf8 } from '../../../shared/order'
import type { PropertyModel } from '../../../shared/profile/model'

export type PropertyType = PropertyModel['type']
export type ScalarType = Exclude<PropertyType, `${string}[]`>

/** The type of a list's elements; undefined for a type that is not a list. */
export function elementType(type: PropertyType): ScalarType | undefined {
  return type.endsWith('[]') ? (type.slice(0, -2) as ScalarType) : undefined
}

/** Whether a property of `type` may hold `value`. A list may be empty. */
export function fits(type: PropertyType, value: unknown): boolean {
  const element = elementType(type)
  if (element !== undefined) return Array.isArray(value) && value.every((item) => fits(element, item))
  switch (type) {
    case 'text':
      return typeof value === 'string'
    case 'int':
      return Number.isSafeInteger(value)
    case 'number':
      return Number.isFinite(value)
    case 'boolean':
      return typeof value === 'boolean'
    case 'date':
      return typeof value === 'string' && instant(value) !== undefined
    case 'uuid':
      return typeof value === 'string' && uuid.test(value)
    case 'vectorRef':
      return typeof value === 'string' && value !== ''
    default:
      return false
  }
}

/** What a type holds, in words, for the error of one who offered something else. */
export function describeType(type: ScalarType): string {
  switch (type) {
    case 'text':
      return 'a text'
    case 'int':
      return 'a whole number between -(2^53 - 1) and 2^53 - 1'
    case 'number':
      return 'a finite number'
    case 'boolean':
      return 'true or false'
    case 'date':
      return 'a date and time such as 2026-03-01T12:00:00Z'
    case 'uuid':
      return 'a UUID'
    case 'vectorRef':
      return 'the id of another object'
  }
}

/** What stands for a value in comparisons: dates are equal when they name one instant, UUIDs whatever their case. */
export type Comparable = string | number | boolean | bigint

export function comparable(type: ScalarType, value: unknown): Comparable {
  if (type === 'date') return instant(value as string) ?? 0n
  if (type === 'uuid') return (value as string).toLowerCase()
  return value as Comparable
}

/** Order of two values of one type: texts in UTF-8 byte order, everything else by size. */
export function compareValues(a: Comparable, b: Comparable): number {
  if (typeof a === 'string' && typeof b === 'string') return compareUtf8(a, b)
  return a < b ? -1 : a > b ? 1 : 0
}

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i
const dateTime = /^(\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2})(?:\.(\d+))?(?:Z|([+-])([01]\d|2[0-3]):([0-5]\d))$/

/** Nanoseconds since the epoch of an RFC 3339 date and time; undefined for any other text. */
function instant(text: string): bigint | undefined {
  const match = dateTime.exec(text)
  if (match === null) return undefined
  const [, local = '', fraction = '', sign, hours = '0', minutes = '0'] = match
  const milliseconds = Date.parse(`${local}Z`)
  // Parsing carries 30 February over into March, and 24:00 into the next day.
  if (Number.isNaN(milliseconds) || !new Date(milliseconds).toISOString().startsWith(local)) return undefined
  const offset = (sign === '-' ? -1 : 1) * (Number(hours) * 60 + Number(minutes)) * 60_000
  return BigInt(milliseconds - offset) * 1_000_000n + BigInt(fraction.slice(0, 9).padEnd(9, '0'))
}
