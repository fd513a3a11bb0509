/** Files and standard streams at the ends of a transfer: `-` or nothing is the standard one. */
import { randomUUID } from 'node:crypto'
import { createReadStream, createWriteStream, type Stats } from 'node:fs'
import { realpath, rename, rm, stat } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { dataLimits } from '../../../../shared/data-plane'
import { UserError } from '../../../../shared/errors'
import { bounded } from '../../bounded'
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
    throw fileError(error, file, 'read')
  }
  return named(createReadStream(path, { signal: interrupted, highWaterMark: 256 * 1024 }), file)
}

async function* named(stream: AsyncIterable<Uint8Array>, file: string): AsyncGenerator<Uint8Array> {
  try {
    yield* stream
  } catch (error) {
    throw fileError(error, file, 'read')
  }
}

/** All of FILE, which is refused beyond `most` bytes: no call takes more, and nobody has to hold it then. */
export async function wholeInput(context: Context, file: string | undefined, most: number): Promise<Buffer> {
  const tooLarge = () =>
    new UserError('too-large', `${shownFile(file ?? '-')} is larger than the ${most / 1024 / 1024} MiB that may be sent.`)
  return bounded(await inputOf(context, file), most, tooLarge)
}

export async function jsonInput(context: Context, file: string | undefined): Promise<Record<string, unknown>> {
  const text = (await wholeInput(context, file, dataLimits.jsonBody)).toString('utf8')
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (error) {
    throw new UserError('invalid', `${shownFile(file ?? '-')} is not JSON: ${(error as Error).message}`, { cause: error })
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>
  throw new UserError('invalid', `${shownFile(file ?? '-')} is not a JSON object.`)
}

export interface Output {
  /** FILE as it was typed; undefined for standard output, which then holds the body and nothing else. */
  readonly file: string | undefined
  write(body: AsyncIterable<Uint8Array>): Promise<void>
}

/**
 * Where a body goes: to FILE, which is the old one or the new one and never half of it, or to standard output as fast as it is taken.
 * Throws a `UserError` for a place that takes no file, before anything is asked of the node.
 */
export async function outputTo({ terminal, interrupted }: Context, file: string | undefined): Promise<Output> {
  if (file === undefined || file === '-') {
    return {
      file: undefined,
      async write(body) {
        for await (const chunk of body) {
          if (terminal.readerGone.aborted) return
          await terminal.write(chunk)
        }
      },
    }
  }
  const { path, old } = await placeOf(resolve(terminal.cwd, file), file)
  // A device or a pipe is written to. Another file in its place would be the end of it.
  const replaced = old === undefined || old.isFile()
  const target = replaced ? `${path}.${randomUUID()}.part` : path
  return {
    file,
    async write(body) {
      try {
        const stream = replaced
          ? createWriteStream(target, { flags: 'wx', flush: true, mode: old === undefined ? 0o666 : old.mode & 0o777 })
          : createWriteStream(target)
        await pipeline(body, stream, { signal: interrupted })
        if (replaced) await rename(target, path)
      } catch (error) {
        if (replaced) await rm(target, { force: true })
        throw fileError(error, file, 'written')
      }
    },
  }
}

/** The file itself, where `path` is a link to it, and what is there now. */
async function placeOf(path: string, file: string): Promise<{ readonly path: string; readonly old: Stats | undefined }> {
  try {
    const old = await stat(path)
    if (!old.isDirectory()) return { path: await realpath(path), old }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw fileError(error, file, 'written')
    await stat(dirname(path)).catch((cause: unknown) => {
      throw fileError(cause, file, 'written')
    })
    return { path, old: undefined }
  }
  throw new UserError('not-a-file', `${file} is a directory.`, { hint: 'Name the file to be written in it.' })
}

/** An error of the operating system, told of the file. What is none passes through: the body may have failed instead. */
function fileError(error: unknown, file: string, done: 'read' | 'written'): unknown {
  const { code, syscall } = error as NodeJS.ErrnoException
  if (error instanceof UserError || code === undefined || syscall === undefined) return error
  if (/ENOSPC|EDQUOT/.test(code)) return new UserError('no-space', `No space left for ${file}.`, { cause: error })
  const absent = done === 'read' ? `There is no file ${file}.` : `There is no directory for ${file}.`
  const message = /ENOENT|ENOTDIR/.test(code) ? absent : `${file} cannot be ${done} (${code}).`
  return new UserError(done === 'read' ? 'unreadable-file' : 'unwritable-file', message, {
    hint: 'Check the path, which is relative to the current directory, and its permissions; - is the standard stream.',
    cause: error,
  })
}
