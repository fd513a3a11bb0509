import type { ErrorDetail } from '../../../shared/errors'
import type { Revision, Validation } from '../../../shared/node-contract'
import { columns, count, lines, moment, oneLine, type Paint, short } from './text'

/** Revisions as a table, newest first; `*` marks the current one. */
export function renderHistory(revisions: readonly Revision[], paint: Paint): string {
  if (revisions.length === 0) return 'No revision yet: the built-in profile is in force.\n'
  const [head = '', ...rows] = columns([
    ['', 'REVISION', 'AT', 'AUTHOR', 'GENERATION'],
    ...revisions.map(({ revision, at, author, generation, current }) => [
      current ? '*' : '',
      String(revision),
      moment(at),
      oneLine(author),
      short(generation),
    ]),
  ])
  return lines(paint('dim', head), ...rows)
}

/** `running`: a node is at work and converges to the revision by itself. */
export function renderRevision(revision: Revision, running: boolean): string {
  return lines(
    `Revision ${revision.revision} is now current, generation ${short(revision.generation)}.`,
    running ? 'The node that runs here converges to it.' : 'No node runs here: `thatdam apply` brings the environment to it.',
  )
}

export function renderValidation(validation: Validation, file: string, paint: Paint): string {
  if (validation.valid) {
    return `${oneLine(file)} is a valid profile${validation.generation === undefined ? '' : `, generation ${short(validation.generation)}`}.\n`
  }
  return lines(...renderDetails(validation.errors, file, paint), `${oneLine(file)}: ${count(validation.errors.length, 'error')}.`)
}

/** Each finding as `FILE:LINE:COL message`, the form that editors jump to, and its hint below. Without a place, the path leads. */
export function renderDetails(details: readonly ErrorDetail[], file: string | undefined, paint: Paint): string[] {
  return details.flatMap(({ path, line, column, message, hint }) => {
    const place = line === undefined ? path : [file ?? 'profile', line, ...(column === undefined ? [] : [column])].join(':')
    const lead = place === undefined || place === '' ? '' : `${paint('bold', oneLine(place))}${line === undefined ? ': ' : ' '}`
    return [`${lead}${oneLine(message)}`, ...(hint === undefined ? [] : [`  ${oneLine(hint)}`])]
  })
}
