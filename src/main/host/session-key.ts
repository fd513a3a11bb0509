/** The key that signs browser sessions: kept, so that a browser stays signed in when the node restarts. */
import { randomBytes, randomUUID } from 'node:crypto'
import { linkSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import type { DataPaths } from './paths'

const keyBytes = 32

export function newSessionKey(): Uint8Array {
  return randomBytes(keyBytes)
}

/** The stored key; `fresh` becomes it when there is none, or when what is there is no key. */
export function keepSessionKey(paths: DataPaths, fresh: Uint8Array): Uint8Array {
  const stored = readKey(paths.sessionKey)
  if (stored !== undefined) return stored
  const temporary = `${paths.sessionKey}.${randomUUID()}.tmp`
  writeFileSync(temporary, fresh, { mode: 0o600 })
  try {
    rmSync(paths.sessionKey, { force: true })
    linkSync(temporary, paths.sessionKey)
  } finally {
    rmSync(temporary, { force: true })
  }
  return fresh
}

function readKey(file: string): Uint8Array | undefined {
  try {
    const key = readFileSync(file)
    return key.length === keyBytes ? key : undefined
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}
