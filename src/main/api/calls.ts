/** `POST /api/v1/NAME` for each call of the node's contract: the input in the body, the output in the answer. */
import type { FastifyInstance, FastifyReply } from 'fastify'
import { UserError } from '../../shared/errors'
import { type CallInput, type CallName, type NodeClient, nodeContract } from '../../shared/node-contract'

const callNames = Object.keys(nodeContract) as CallName[]

export async function serveCalls(app: FastifyInstance, node: NodeClient): Promise<void> {
  await app.register(async (scope) => {
    // JSON only: a form, which any page can send without asking first, is refused by its type.
    scope.removeAllContentTypeParsers()
    scope.addContentTypeParser('application/json', { parseAs: 'string' }, async (_request: unknown, text: string) => parseBody(text))
    scope.addHook('preValidation', async (request) => {
      if (request.body === undefined) request.body = {}
    })
    for (const name of callNames) serveCall(scope, node, name)
  })
}

function serveCall<N extends CallName>(app: FastifyInstance, node: NodeClient, name: N): void {
  const { input, output, changes } = nodeContract[name]
  app.post(`/api/v1/${name}`, { schema: { body: input, response: { 200: output } } }, (request, reply) =>
    // A change is seen through to its end, whoever waits for it; a question that nobody waits for is dropped.
    node.call(name, request.body as CallInput<N>, changes ? undefined : whileAwaited(reply)),
  )
}

/** Aborts when the client goes away before it has its answer, or has gone already. */
export function whileAwaited({ raw }: FastifyReply): AbortSignal {
  const controller = new AbortController()
  const gone = () => {
    if (!raw.writableFinished) controller.abort(new UserError('unavailable', 'The client went away.'))
  }
  if (raw.closed) gone()
  else raw.once('close', gone)
  return controller.signal
}

function parseBody(text: string): unknown {
  if (text === '') return {}
  try {
    return JSON.parse(text)
  } catch (error) {
    throw new UserError('invalid', `The body is not valid JSON: ${(error as SyntaxError).message}`, { cause: error })
  }
}
