/** What a person hears when the data directory does not take a file. */
import { UserError } from '../../shared/errors'

/** A failure of the operating system or of SQLite, told of the whole directory. A mistake in the program passes through. */
export function unwritable(directory: string, cause: unknown): unknown {
  const code = cause instanceof Error && !(cause instanceof TypeError) ? (cause as NodeJS.ErrnoException).code : undefined
  if (cause instanceof UserError || code === undefined) return cause
  if (/ENOSPC|EDQUOT|SQLITE_FULL/.test(code)) {
    return new UserError('no-space', `No space left for the data directory ${directory}.`, {
      hint: 'Free some space on that disk, or choose a data directory on another one with --data.',
      cause,
    })
  }
  return new UserError('unwritable-data', `The data directory ${directory} cannot be written (${code}).`, {
    hint: 'Check that it is a directory, who owns it and its permissions, or choose another one with --data or THATDAM_DATA_DIR.',
    cause,
  })
}
