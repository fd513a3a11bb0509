// Sources as the product has them, bundled, so that what is measured is what runs.
import { mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { build } from 'vite'

/** What cannot be bundled, or must be the one that the process has already. */
const external = ['better-sqlite3', 'vitest']

const root = join(import.meta.dirname, '../..')

/** The module that `entry`, a path from the root, is built to. */
export async function bundled(entry) {
  const directory = mkdtempSync(join(root, 'out', 'bench-'))
  try {
    await build({
      root,
      configFile: false,
      logLevel: 'warn',
      build: {
        ssr: join(root, entry),
        outDir: directory,
        target: 'node22.14',
        minify: false,
        rolldownOptions: { external, output: { entryFileNames: 'entry.mjs', codeSplitting: false } },
      },
      ssr: { noExternal: true, external },
    })
    return await import(pathToFileURL(join(directory, 'entry.mjs')).href)
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}
