/** `thatdam profile`: the profile and its revisions. */
import { UserError } from '../../../shared/errors'
import type { CallInput, NodeClient, Revision, Validation } from '../../../shared/node-contract'
import { answer, attach, type Context, withNode } from '../context'
import { readProfileFile } from '../profile-file'
import { renderHistory, renderRevision, renderValidation } from '../render/profile'

/** The current profile as it was written; with `--json` its revision and generation beside it. */
export async function show(context: Context): Promise<number> {
  const profile = await withNode(attach(context), (client) => client.call('profile', {}, context.interrupted))
  answer(context, profile, ({ text }) => (text.endsWith('\n') ? text : `${text}\n`))
  return 0
}

/** Make FILE the current revision; a running node converges to it by itself. */
export async function set(context: Context, file: string): Promise<number> {
  const profile = await readProfileFile(context, file)
  return revise(context, (client) => client.call('setProfile', { profile, ...authorOf(context) }, context.interrupted))
}

/** Check FILE. Needs no data directory, and no node. */
export async function validate(context: Context, file: string): Promise<number> {
  const { text, file: name } = await readProfileFile(context, file)
  const [{ parseProfile }, { generationsOf }] = await Promise.all([
    import('../../../shared/profile/parse'),
    import('../../../shared/profile/generation'),
  ])
  const parsed = parseProfile(text, { file: name })
  const validation: Validation = parsed.ok
    ? { valid: true, generation: generationsOf(parsed.profile).profile, errors: [] }
    : { valid: false, errors: parsed.errors }
  answer(context, validation, (value, paint) => renderValidation(value, name, paint))
  return validation.valid ? 0 : 1
}

/** All revisions, newest first. */
export async function history(context: Context): Promise<number> {
  const revisions = await withNode(attach(context), (client) => client.call('history', {}, context.interrupted))
  answer(context, revisions, renderHistory)
  return 0
}

/** Make an earlier revision current again, as a new revision. */
export async function rollback(context: Context, text: string): Promise<number> {
  const revision = Number(text)
  if (!/^[0-9]+$/.test(text) || !Number.isSafeInteger(revision) || revision === 0) {
    throw new UserError('usage', `'${text}' is not a revision: revisions are whole numbers from 1.`, {
      hint: '`thatdam profile history` lists them.',
    })
  }
  return revise(context, (client) => client.call('rollback', { revision, ...authorOf(context) }, context.interrupted))
}

async function revise(context: Context, change: (client: NodeClient) => Promise<Revision>): Promise<number> {
  const { made, running } = await withNode(attach(context), async (client, running) => ({ made: await change(client), running }))
  answer(context, made, (revision) => renderRevision(revision, running))
  return 0
}

function authorOf({ terminal: { user } }: Context): Pick<CallInput<'setProfile'>, 'author'> {
  return user === undefined ? {} : { author: user }
}
