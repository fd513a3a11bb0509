/** What a person at the terminal is asked before something is lost. */
import { UserError } from '../../shared/errors'
import type { Change } from '../../shared/plan'
import type { Context } from './context'
import { oneLine } from './render/text'

/** Whether somebody is there to answer. Where the profile comes from standard input, its end has been reached. */
export function canAsk({ terminal: { interactive }, json, file }: Context): boolean {
  return interactive.in && interactive.err && !json && file !== '-'
}

/** Ask for the name of each, to be typed. Throws `confirmation-needed` at the first answer that is not it. */
export async function askForNames({ terminal, interrupted }: Context, changes: readonly Change[]): Promise<void> {
  const lines = linesOf(terminal.input(interrupted))
  try {
    for (const { kind, name, reason } of changes) {
      terminal.err(`${kind} ${oneLine(name)}: ${oneLine(reason)}.\nType its name if it may go: `)
      const answer = await lines.next()
      if (answer.done !== true && answer.value === name) continue
      if (answer.done === true) terminal.err('\n')
      throw new UserError('confirmation-needed', `That is not the name of ${kind} ${name}. Nothing was changed.`)
    }
  } finally {
    await lines.return(undefined)
  }
}

async function* linesOf(input: AsyncIterable<Uint8Array>): AsyncGenerator<string, undefined> {
  const decoder = new TextDecoder()
  let rest = ''
  for await (const chunk of input) {
    rest += decoder.decode(chunk, { stream: true })
    const lines = rest.split(/\r?\n/)
    rest = lines.pop() ?? ''
    yield* lines
  }
  if (rest !== '') yield rest
}
