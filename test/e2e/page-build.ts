/** The page as `npm run build` makes it, built into a directory of the test's own so that neither disturbs the other. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { build } from 'vite'
import config from '../../electron.vite.config'

export interface BuiltPage {
  readonly directory: string
  dispose(): Promise<void>
}

export async function buildPage(): Promise<BuiltPage> {
  const directory = await mkdtemp(join(tmpdir(), 'thatdam-page-'))
  const { plugins = [], build: options } = config.renderer ?? {}
  const environment = process.env.NODE_ENV
  // Under a test runner it says "test", and the build would be one for development.
  process.env.NODE_ENV = 'production'
  try {
    await build({
      configFile: false,
      root: resolve('src/renderer'),
      base: './',
      logLevel: 'error',
      plugins,
      build: { ...options, outDir: directory, emptyOutDir: true, modulePreload: { polyfill: false } },
    })
  } finally {
    process.env.NODE_ENV = environment
  }
  return { directory, dispose: () => rm(directory, { recursive: true, force: true }) }
}
