/** The contract as a table of functions, and the table as a client. */
import type { z } from 'zod'
import { issueDetails, PortError, UserError } from '../../../shared/errors'
import {
  type CallInput,
  type CallName,
  type CallOutput,
  type NodeClient,
  type NodeContract,
  type Notice,
  nodeContract,
} from '../../../shared/node-contract'

type Handler<N extends CallName> = (input: z.output<NodeContract[N]['input']>, signal: AbortSignal) => Promise<CallOutput<N>>
export type Handlers = { readonly [N in CallName]: Handler<N> }

/** The node for a caller in the same process: inputs are checked and defaulted exactly as they are for one behind a wire. */
export function clientOf(handlers: () => Handlers, notices: (signal: AbortSignal) => AsyncIterable<Notice>): NodeClient {
  return {
    notices,
    async call<N extends CallName>(name: N, input: CallInput<N>, signal?: AbortSignal): Promise<CallOutput<N>> {
      const parsed = nodeContract[name].input.safeParse(input)
      if (!parsed.success) {
        throw new UserError('invalid', `The input of ${name} is not valid.`, { details: issueDetails(parsed.error) })
      }
      // The table's own type pairs each name with its input, which a generic call cannot express.
      const handler = handlers()[name] as (input: unknown, signal: AbortSignal) => Promise<CallOutput<N>>
      try {
        return await handler(parsed.data, signal ?? new AbortController().signal)
      } catch (error) {
        throw error instanceof PortError ? new UserError(error.code, error.message, { cause: error }) : error
      }
    },
  }
}

export function notSetUp(): UserError {
  return new UserError('not-set-up', 'This data directory is not set up yet.', {
    hint: 'Press Start on the page, or run `thatdam up` or `thatdam apply`.',
  })
}
