/** The application's own command line flags. Chromium's, and the path a development start passes, stand between them and are left alone. */
import { parseArgs } from 'node:util'
import type { Flags } from './node'

/** `argv` is what follows the executable. */
export function parseFlags(argv: readonly string[]): Flags {
  const { values } = parseArgs({
    args: [...argv],
    options: { data: { type: 'string' }, port: { type: 'string' } },
    strict: false,
  })
  return {
    ...(typeof values.data === 'string' ? { data: values.data } : {}),
    ...(typeof values.port === 'string' ? { port: values.port } : {}),
  }
}
