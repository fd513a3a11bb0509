/** Files and standard streams at the ends of a transfer: `-` or nothing is the standard one. */
import { randomUUID } from 'node:crypto'
import { createReadStream, createWriteStream } from 'node:fs'
import { rename, rm, stat } from 'node:fs/promises'
import { resolve } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { UserError } from '../../../../shared/errors'
import type { Context } from '../../context'
import { shownFile } from '../../render/text'

/** The bytes of FILE, as they are read. Throws a `UserError` where there is none to read. */
export async function inputOf({ terminal, interrupted }: Context, file: string | undefined): Promise<AsyncIterable<Uint8Array>> {
  if (file === undefined || file === '-') return terminal.input(interrupted)
  const path = resolve(terminal.cwd, file)
  try {
    if ((await stat(path)).isDirectory()) {
      throw new UserError('not-a-file', `${file} is a directory.`, { hint: 'Name the file in it.' })
    }
  } catch (error) {
    throw fileError(error, file)
  }
  return named(createReadStream(path, { signal: interrupted, highWaterMark: 256 * 1024 }), file)
}

async function* named(stream: AsyncIterable<Uint8Array>, file: string): AsyncGenerator<Uint8Array> {
  try {
    yield* stream
  } catch (error) {
    throw fileError(error, file)
  }
}

export async function wholeInput(context: Context, file: string | undefined): Promise<Uint8Array> {
  const chunks: Uint8Array[] = []
  for await (const chunk of await inputOf(context, file)) chunks.push(chunk)
  return Buffer.concat(chunks)
}

export async function jsonInput(context: Context, file: string | undefined): Promise<Record<string, unknown>> {
  const text = Buffer.from(await wholeInput(context, file)).toString('utf8')
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (error) {
    throw new UserError('invalid', `${shownFile(file ?? '-')} is not JSON: ${(error as Error).message}`, { cause: error })
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>
  throw new UserError('invalid', `${shownFile(file ?? '-')} is not a JSON object.`)
}

/** Write a body to FILE, which is the old one or the new one and never half of it, or to standard output as fast as it is taken. */
export async function writeOut(
  { terminal, interrupted }: Context,
  body: AsyncIterable<Uint8Array>,
  file: string | undefined,
): Promise<void> {
  if (file === undefined || file === '-') {
    for await (const chunk of body) {
      if (terminal.readerGone.aborted) return
      await terminal.write(chunk)
    }
    return
  }
  const path = resolve(terminal.cwd, file)
  const temporary = `${path}.${randomUUID()}.part`
  try {
    await pipeline(body, createWriteStream(temporary, { flags: 'wx', flush: true }), { signal: interrupted })
    await rename(temporary, path)
  } catch (error) {
    await rm(temporary, { force: true })
    throw fileError(error, file)
  }
}

function fileError(error: unknown, file: string): unknown {
  const { code } = error as NodeJS.ErrnoException
  const told: Readonly<Record<string, string>> = {
    ENOENT: `There is no file ${file}.`,
    ENOTDIR: `There is no file ${file}.`,
    EACCES: `${file} may not be used by this user (EACCES).`,
    EPERM: `${file} may not be used by this user (EPERM).`,
    EISDIR: `${file} is a directory.`,
    ENOSPC: `No space left for ${file}.`,
  }
  const message = code === undefined ? undefined : told[code]
  if (message === undefined || error instanceof UserError) return error
  return new UserError(code === 'ENOSPC' ? 'no-space' : 'unreadable-file', message, {
    hint: 'Check the path, which is relative to the current directory; - is the standard stream.',
    cause: error,
  })
}

/** `NAME=VALUE` options as pairs. */
export function pairs(given: readonly string[] | undefined, option: string): [string, string][] {
  return (given ?? []).map((text) => {
    const at = text.indexOf('=')
    if (at > 0) return [text.slice(0, at), text.slice(at + 1)]
    throw new UserError('usage', `${option} takes NAME=VALUE, not "${text}".`)
  })
}
