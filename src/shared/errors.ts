/**
 * The two kinds of error that leave a module on purpose. Codes decide, messages explain.
 * A programmer's mistake is a plain `TypeError` and nobody catches it.
 */
import { z } from 'zod'

/** Every way a port can refuse. The set is closed: callers branch on it and on nothing else. */
export const portErrorCodes = [
  'invalid',
  'unauthorized',
  'not-found',
  'already-exists',
  'precondition-failed',
  'incompatible',
  'unsupported',
  'too-large',
  'no-space',
  'unavailable',
  'internal',
] as const

export type PortErrorCode = (typeof portErrorCodes)[number]

export function isPortErrorCode(code: string): code is PortErrorCode {
  return (portErrorCodes as readonly string[]).includes(code)
}

/** The codes after which the same call may succeed later; every other one is an answer. */
const transientCodes: ReadonlySet<PortErrorCode> = new Set<PortErrorCode>(['unavailable', 'internal'])

/** What a port rejects with: a closed code, a message that names the resource, the original as `cause`. */
export class PortError extends Error {
  override readonly name = 'PortError'
  constructor(
    readonly code: PortErrorCode,
    message: string,
    options?: { cause?: unknown },
  ) {
    super(message, options)
  }

  /** True where trying again can help. */
  get transient(): boolean {
    return transientCodes.has(this.code)
  }
}

/** One finding inside a larger error: a line of a profile, a field of a request. */
export const errorDetailSchema = z.object({
  /** Dotted path of the value concerned, `''` for the whole document. */
  path: z.string().optional(),
  /** 1-based position in the text it came from. */
  line: z.int().positive().optional(),
  column: z.int().positive().optional(),
  message: z.string(),
  hint: z.string().optional(),
})
export type ErrorDetail = z.infer<typeof errorDetailSchema>

/** What a schema found wrong with a value, in the form that travels. */
export function issueDetails(error: z.ZodError): ErrorDetail[] {
  return error.issues.map(({ path, message }) => ({ path: path.join('.'), message }))
}

/** An error as it travels: from IPC, in a problem body and under `error` in the CLI's JSON. */
export const errorBodySchema = z.object({
  code: z.string(),
  message: z.string(),
  hint: z.string().optional(),
  details: z.array(errorDetailSchema).optional(),
})
export type ErrorBody = z.infer<typeof errorBodySchema>

/**
 * An error meant for the person in front: what happened, where, and (as `hint`) what to do next.
 * It is printed without a stack trace.
 */
export class UserError extends Error {
  override readonly name = 'UserError'
  readonly hint: string | undefined
  readonly details: readonly ErrorDetail[] | undefined
  constructor(
    readonly code: string,
    message: string,
    options: { hint?: string; details?: readonly ErrorDetail[]; cause?: unknown } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.hint = options.hint
    this.details = options.details
  }
}

/** The travelling form of any error. What is not ours becomes `internal`, with its message kept. */
export function toErrorBody(error: unknown): ErrorBody {
  if (error instanceof UserError) {
    return {
      code: error.code,
      message: error.message,
      ...(error.hint === undefined ? {} : { hint: error.hint }),
      ...(error.details === undefined ? {} : { details: [...error.details] }),
    }
  }
  if (error instanceof PortError) return { code: error.code, message: error.message }
  return { code: 'internal', message: error instanceof Error ? error.message : String(error) }
}

/** The error on the receiving side of a wire. */
export function fromErrorBody(body: ErrorBody): UserError {
  return new UserError(body.code, body.message, {
    ...(body.hint === undefined ? {} : { hint: body.hint }),
    ...(body.details === undefined ? {} : { details: body.details }),
  })
}
