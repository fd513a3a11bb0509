/** Entry of the desktop application. Electron must be able to run it to the end before it is ready, so nothing here waits. */
import { join } from 'node:path'
import { app } from 'electron'
import type { Config } from './host/config'
import { main } from './shell/main'
import type { Host } from './shell/node'

const out = join(import.meta.dirname, '..')

void main({
  loadHost,
  page: join(out, 'renderer'),
  preload: join(out, 'preload', 'index.cjs'),
  // A start from source passes the path of the application first.
  argv: process.argv.slice(app.isPackaged ? 1 : 2),
  env: process.env,
})

async function loadHost(): Promise<Host<Config>> {
  const [{ loadConfig }, { runNode }, { attach }, { createLog }] = await Promise.all([
    import('./host/config'),
    import('./host/run'),
    import('./host/attach'),
    import('./host/logging'),
  ])
  return {
    loadConfig,
    runNode: (config) =>
      runNode(config, {
        setup: 'wait',
        log: createLog({ level: config.logLevel ?? 'info', terminal: process.stderr.isTTY }),
      }),
    attach,
  }
}
