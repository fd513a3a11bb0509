/** `thatdam token`: named tokens, by which programs use the data plane. */
import type { CallOutput } from '../../../shared/node-contract'
import { answer, attach, type Context, withNode } from '../context'
import { columns, lines, moment } from '../render/text'

/** The token is shown this once. */
export async function create(context: Context, name: string): Promise<number> {
  const made = await withNode(attach(context), (client) => client.call('createToken', { name }, context.interrupted))
  answer(context, made, renderMade)
  return 0
}

export async function list(context: Context): Promise<number> {
  const all = await withNode(attach(context), (client) => client.call('tokens', {}, context.interrupted))
  answer(context, all, (tokens) =>
    tokens.length === 0
      ? 'There are no tokens. `thatdam token create NAME` makes one.\n'
      : lines(columns(tokens.map(({ name, created_at }) => [name, moment(created_at)]))),
  )
  return 0
}

export async function revoke(context: Context, name: string): Promise<number> {
  const revoked = await withNode(attach(context), (client) => client.call('revokeToken', { name }, context.interrupted))
  answer(context, revoked, () => `Revoked ${name}: whoever uses it is refused from now on.\n`)
  return 0
}

function renderMade({ name, token }: CallOutput<'createToken'>): string {
  return lines(
    token,
    '',
    `This is the token of "${name}", shown only now. A program sends it with each request:`,
    '  Authorization: Bearer TOKEN',
  )
}
