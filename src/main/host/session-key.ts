/** The key that signs browser sessions: kept, so that a browser stays signed in when the node restarts. */
import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { dirname } from 'node:path'
import type { DataPaths } from './paths'
import { replacePrivateFile } from './private-file'
import { unwritable } from './unwritable'

const keyBytes = 32

/** The stored key, or a fresh one when there is none, or when what is there is no key. Writes nothing. */
export function sessionKeyOf(paths: DataPaths): Uint8Array {
  return readKey(paths) ?? randomBytes(keyBytes)
}

/** From now on, `key` is the stored one. */
export function keepSessionKey(paths: DataPaths, key: Uint8Array): void {
  const stored = readKey(paths)
  if (stored !== undefined && Buffer.compare(stored, key) === 0) return
  replacePrivateFile(paths.sessionKey, key)
}

function readKey(paths: DataPaths): Uint8Array | undefined {
  try {
    const key = readFileSync(paths.sessionKey)
    return key.length === keyBytes ? key : undefined
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined
    throw unwritable(dirname(paths.sessionKey), error)
  }
}
