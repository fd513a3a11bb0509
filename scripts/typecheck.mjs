// One tsc run per runtime: the folder says which globals exist (see tsconfig/).
import { spawnSync } from 'node:child_process'
import { readdirSync } from 'node:fs'

let failed = false
for (const config of readdirSync('tsconfig')
  .filter((name) => name.endsWith('.json'))
  .sort()) {
  const run = spawnSync('tsc', ['-p', `tsconfig/${config}`], { stdio: 'inherit', shell: process.platform === 'win32' })
  if (run.status !== 0) {
    console.error(`types: tsconfig/${config} failed`)
    failed = true
  }
}
process.exit(failed ? 1 : 0)
