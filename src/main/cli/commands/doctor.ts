import { UserError } from '../../../shared/errors'
import type { Doctor } from '../../../shared/node-contract'
import { answer, attach, type Context, withNode } from '../context'
import { renderDoctor } from '../render/doctor'

/** `thatdam doctor`: checks of this machine and of each adapter, with advice. */
export async function doctor(context: Context): Promise<number> {
  const found = await examine(context)
  answer(context, found, renderDoctor)
  return found.ok ? 0 : 1
}

/** What keeps the data directory from being opened is what a doctor is called for, so it is a finding and not a failure. */
async function examine(context: Context): Promise<Doctor> {
  try {
    return await withNode(attach(context), (client) => client.call('doctor', {}, context.interrupted))
  } catch (error) {
    if (!(error instanceof UserError) || context.interrupted.aborted) throw error
    const details = (error.details ?? []).map(({ message }) => message)
    return {
      ok: false,
      checks: [
        {
          name: error.code,
          ok: false,
          message: [error.message, ...details].join(' '),
          ...(error.hint === undefined ? {} : { advice: error.hint }),
        },
      ],
    }
  }
}
