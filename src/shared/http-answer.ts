/** What comes back from an address at which a node should be, told to whoever asked there. */
import { UserError } from './errors'
import { fromProblem, problemMediaType, problemSchema } from './problem'

/** As much of an answer as tells what it is. */
interface Answer {
  readonly status: number
  readonly headers: { get(name: string): string | null }
}

/** An answer that is no success, as the `UserError` that the node meant; `unavailable` where no node gave it. */
export function refusalOf(url: string, { status, headers }: Answer, text: string): UserError {
  const isProblem = headers.get('content-type')?.startsWith(problemMediaType) ?? false
  const problem = problemSchema.safeParse(isProblem ? parseJson(text) : undefined)
  return problem.success ? fromProblem(problem.data) : stranger(url, `HTTP ${status} without problem details`)
}

export function stranger(url: string, what: string): UserError {
  return new UserError('unavailable', `What answers at ${url} is not a ThatDAM node: ${what}.`, {
    hint: 'Another program has this address now. `thatdam up` in a terminal says where the node is.',
  })
}

/** The JSON value of `text`; undefined, which no JSON text stands for, where it is not JSON. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
