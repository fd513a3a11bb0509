/** Errors on HTTP: RFC 9457 problem details. `code` decides, `detail` explains. */
import { z } from 'zod'
import { errorDetailSchema, fromErrorBody, type UserError } from './errors'

export const problemMediaType = 'application/problem+json'

export const problemSchema = z.object({
  /** `about:blank`: the status says what kind of problem it is, and `code` which one. */
  type: z.string(),
  title: z.string(),
  status: z.int(),
  detail: z.string(),
  code: z.string(),
  hint: z.string().optional(),
  details: z.array(errorDetailSchema).optional(),
})
export type Problem = z.infer<typeof problemSchema>

/** The error on the receiving side. */
export function fromProblem(problem: Problem): UserError {
  const { code, detail, hint, details } = problem
  return fromErrorBody({
    code,
    message: detail,
    ...(hint === undefined ? {} : { hint }),
    ...(details === undefined ? {} : { details }),
  })
}
