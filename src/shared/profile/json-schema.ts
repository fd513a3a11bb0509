/** The JSON Schema of the written form, for editors: completion, hover help and a first check. `parse.ts` checks more. */
import { z } from 'zod'
import { profileSchema } from './schema'

/** Draft 2020-12. Made into `resources/environment-profile.schema.json` by `npm run generate`. */
export function profileJsonSchema(): Record<string, unknown> {
  const { $defs: _, ...schema } = z.toJSONSchema(profileSchema, { io: 'input', target: 'draft-2020-12' })
  // The one definition that zod refers to is "any JSON value", which a schema for JSON says with `true`.
  return JSON.parse(JSON.stringify(schema), (_key, value: unknown) => (isReference(value) ? true : value))
}

function isReference(value: unknown): boolean {
  return typeof value === 'object' && value !== null && '$ref' in value
}
