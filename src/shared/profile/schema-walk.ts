/** Looking into a zod schema along a path of the value: what is known there, and how it is described. */
import { z } from 'zod'
import type { Path } from './findings'

/** The keys that a mapping at `path` may have; none where any key may stand. */
export function knownKeys(schema: z.core.$ZodType, path: Path): readonly string[] {
  const keys = schemasAt(schema, path)
    .map(({ inner }) => inner)
    .filter((inner) => inner instanceof z.ZodObject)
    .flatMap((inner) => Object.keys(inner.shape))
  return [...new Set(keys)]
}

/** How the schema describes the value at `path`. */
export function describe(schema: z.core.$ZodType, path: Path): string | undefined {
  return schemasAt(schema, path).find(({ description }) => description !== undefined)?.description
}

interface Candidate {
  readonly inner: z.core.$ZodType
  /** The outermost description: that of a field says more than that of its type. */
  readonly description: string | undefined
}

function schemasAt(schema: z.core.$ZodType, path: Path): readonly Candidate[] {
  let here = unwrap(schema, undefined)
  for (const step of path) here = here.flatMap(({ inner }) => descend(inner, step))
  return here
}

function descend(schema: z.core.$ZodType, step: string | number): readonly Candidate[] {
  if (schema instanceof z.ZodArray) return unwrap(schema.element, undefined)
  if (schema instanceof z.ZodRecord) return unwrap(schema.valueType, undefined)
  if (!(schema instanceof z.ZodObject)) return []
  const shape: Readonly<Record<string, z.core.$ZodType>> = schema.shape
  const field = Object.hasOwn(shape, step) ? shape[step] : undefined
  return field === undefined ? [] : unwrap(field, undefined)
}

/** Optional, nullable and default are about whether a value is there; a union has several answers. */
function unwrap(schema: z.core.$ZodType, outer: string | undefined): readonly Candidate[] {
  const description = outer ?? z.globalRegistry.get(schema)?.description
  if (
    schema instanceof z.ZodOptional ||
    schema instanceof z.ZodNullable ||
    schema instanceof z.ZodDefault ||
    schema instanceof z.ZodPrefault
  ) {
    return unwrap(schema.unwrap(), description)
  }
  if (schema instanceof z.ZodUnion) return schema.options.flatMap((option) => unwrap(option, description))
  return [{ inner: schema, description }]
}
