/** What a test needs of the machine. What is missing is said in one line, and fails instead where every test is required. */
import { execFileSync, spawnSync } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { onTestFinished } from 'vitest'

const isRoot = process.getuid?.() === 0

/** Why something cannot be tested here, unless it must be. */
function missing(problem: string | undefined): string | undefined {
  return process.env.THATDAM_REQUIRE === 'all' ? undefined : problem
}

/** Root may read and write everything, so a child of root is started without that right. */
export const withoutRights: readonly string[] = isRoot
  ? ['setpriv', '--bounding-set=-dac_override,-dac_read_search', '--inh-caps=-dac_override,-dac_read_search']
  : []

export function whyNoPermissions(): string | undefined {
  if (process.platform === 'win32') return missing('skipped: file permissions are not those of POSIX here')
  if (isRoot && spawnSync('setpriv', ['--version']).status !== 0) {
    return missing('skipped: this is root, and setpriv (util-linux), which takes its rights away, is not installed')
  }
  return undefined
}

export function whyNoSmallDisk(): string | undefined {
  if (process.platform !== 'linux' || !isRoot) return missing('skipped: a small disk for the test is mounted with root’s rights, on Linux')
  return undefined
}

/** A disk of its own with room for `bytes`, unmounted with the test. */
export function smallDisk(directory: string, bytes: number): void {
  mkdirSync(directory, { recursive: true })
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${bytes}`, 'tmpfs', directory])
  onTestFinished(() => {
    execFileSync('umount', [directory])
  })
}
