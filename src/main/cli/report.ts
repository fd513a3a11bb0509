/** How a failure is told: one JSON document on standard output, or a few lines on standard error. */
import { inspect } from 'node:util'
import { type ErrorBody, PortError, toErrorBody, UserError } from '../../shared/errors'
import { paintOf } from './context'
import { renderDetails } from './render/profile'
import { lines, oneLine, shownFile } from './render/text'
import type { Terminal } from './terminal'

interface ReportOptions {
  readonly json: boolean
  /** The FILE argument in which the details of the error have their line and column. */
  readonly file?: string | undefined
  /** One line of JSON, for a command that answers in lines. */
  readonly jsonLines?: boolean
}

const bugHint = 'This is a mistake in ThatDAM itself. Please report it with the lines below and what you did.'

export function reportFailure(error: unknown, terminal: Terminal, options: ReportOptions): void {
  const expected = error instanceof UserError || error instanceof PortError
  const body: ErrorBody = expected ? toErrorBody(error) : { ...toErrorBody(error), hint: bugHint }
  reportBody(body, terminal, options)
  if (!expected || wantsStack(terminal)) terminal.err(`${inspect(error)}\n`)
}

export function reportBody(body: ErrorBody, terminal: Terminal, { json, jsonLines = false, file }: ReportOptions): void {
  if (json) {
    terminal.out(`${JSON.stringify({ error: body }, null, jsonLines ? undefined : 2)}\n`)
    return
  }
  const paint = paintOf(terminal, 'err')
  terminal.err(
    lines(
      `${paint('red', 'error:')} ${paragraph(body.message)}`,
      ...(body.hint === undefined ? [] : [`  ${paragraph(body.hint)}`]),
      ...renderDetails(body.details ?? [], file === undefined ? undefined : shownFile(file), paint),
    ),
  )
}

/** A message of several lines keeps them, indented below the first. */
function paragraph(text: string): string {
  return text.trimEnd().split(/\r?\n/).map(oneLine).join('\n  ')
}

function wantsStack(terminal: Terminal): boolean {
  return ['debug', 'trace'].includes(terminal.env.THATDAM_LOG_LEVEL ?? '')
}
