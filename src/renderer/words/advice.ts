/** What to do about an error, by its code. The error's own message says what happened and where. */
import { isPortErrorCode, type PortErrorCode } from '../../shared/errors'

const advice: Readonly<Record<PortErrorCode, string>> = {
  invalid: 'The profile asks for something this backend does not take. Change the profile; the node then tries again by itself.',
  unauthorized: 'The backend refused the credentials of this node. Correct them, then check again.',
  'not-found': 'Something this resource builds on is gone. The next check puts back what the profile names.',
  'already-exists': 'Somebody else made it meanwhile. The next check looks at it again.',
  'precondition-failed': 'Somebody else changed it meanwhile. The next check looks at it again.',
  incompatible: 'It exists in another form and stays as it is. Move its data, or change the profile to say what is there.',
  unsupported: 'This backend cannot do it. Change the profile, or use a backend that can.',
  'too-large': 'It is larger than this backend takes. Change the profile.',
  'no-space': 'The disk is full. Free some space; the node then goes on by itself.',
  unavailable: 'The backend does not answer. The node keeps trying; nothing is lost.',
  internal: 'Check again. If it stays, `thatdam doctor` tests each part of this node and says what to do.',
}

export function adviceFor(code: string): string {
  return advice[isPortErrorCode(code) ? code : 'internal']
}

/** What to do about a resource that differs in a way that cannot be added. */
export const migrationAdvice =
  'It stays as it is and disturbs nothing else. Move its data to a new resource, or change the profile to say what is there.'
