import type { Doctor } from '../../../shared/node-contract'
import { count, lines, oneLine, type Paint } from './text'

/** A check list: what is well, and below what is not, what to do about it. */
export function renderDoctor(doctor: Doctor, paint: Paint): string {
  const failed = doctor.checks.filter(({ ok }) => !ok).length
  return lines(
    ...doctor.checks.flatMap(({ name, ok, message, advice }) => [
      `${ok ? paint('green', 'ok  ') : paint('red', 'fail')}  ${paint('bold', oneLine(name))}: ${oneLine(message)}`,
      ...(advice === undefined ? [] : [`      ${oneLine(advice)}`]),
    ]),
    '',
    doctor.ok ? 'All well.' : `${count(failed, 'check')} failed.`,
  )
}
