/** A directory of a test's own, gone when the test is. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { onTestFinished } from 'vitest'

export function tempDir(): string {
  const directory = mkdtempSync(join(tmpdir(), 'thatdam-test-'))
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }))
  return directory
}

/** Every name below a directory, with the content and the time of change of each file: equal snapshots, untouched tree. */
export function snapshot(directory: string): Record<string, string> {
  const entries = readdirSync(directory, { recursive: true, withFileTypes: true })
  return Object.fromEntries(
    entries
      .map((entry) => join(entry.parentPath, entry.name))
      .sort()
      .map((path) => {
        const stat = statSync(path)
        const content = stat.isFile() ? `${stat.mtimeMs} ${readFileSync(path).toString('base64')}` : 'directory'
        return [relative(directory, path), content]
      }),
  )
}
