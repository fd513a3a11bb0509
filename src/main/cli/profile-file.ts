/** The FILE argument of a command: a profile as somebody wrote it, from disk or from standard input. */
import { createReadStream } from 'node:fs'
import { resolve } from 'node:path'
import { UserError } from '../../shared/errors'
import { maxProfileBytes } from '../../shared/profile/limits'
import { bounded } from './bounded'
import type { Context } from './context'
import { shownFile } from './render/text'

interface ProfileFile {
  readonly text: string
  /** As it appears in messages. */
  readonly file: string
}

/** Throws a `UserError` for a file that cannot be read, is too large for a profile, or is not text. */
export async function readProfileFile({ terminal, interrupted }: Context, file: string): Promise<ProfileFile> {
  const name = shownFile(file)
  const source = file === '-' ? terminal.input(interrupted) : createReadStream(resolve(terminal.cwd, file), { signal: interrupted })
  const tooLarge = () =>
    new UserError('too-large', `${name} is larger than 4 MiB, the most that a profile may have.`, {
      hint: 'Check that this is the file you meant.',
    })
  const bytes = await bounded(source, maxProfileBytes, tooLarge).catch((error: unknown) => {
    throw readError(error, name)
  })
  try {
    return { text: new TextDecoder('utf-8', { fatal: true }).decode(bytes), file: name }
  } catch (error) {
    if (!(error instanceof TypeError)) throw error
    throw new UserError('not-text', `${name} is not UTF-8 text, so it cannot be a profile.`, {
      hint: 'Save it as UTF-8, or check that this is the file you meant.',
      cause: error,
    })
  }
}

function readError(error: unknown, name: string): unknown {
  const { code } = error as NodeJS.ErrnoException
  if (code === 'ENOENT' || code === 'ENOTDIR') {
    return new UserError('no-such-file', `There is no file ${name}.`, {
      hint: 'Check the path, which is relative to the current directory; - reads standard input.',
      cause: error,
    })
  }
  if (code === 'EISDIR') {
    return new UserError('not-a-file', `${name} is a directory, and a profile is a file.`, { hint: 'Name the file in it.', cause: error })
  }
  if (code === 'EACCES' || code === 'EPERM') {
    return new UserError('unreadable-file', `${name} may not be read by this user (${code}).`, {
      hint: 'Check who owns the file and its permissions.',
      cause: error,
    })
  }
  if (error instanceof UserError || code === undefined) return error
  return new UserError('unreadable-file', `${name} could not be read: ${(error as Error).message}`, { cause: error })
}
