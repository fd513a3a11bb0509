/** What this build is and where its files lie: beside the sources in a checkout, inside the archive in the packaged app. */
import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { version } from '../../../package.json'

export const productVersion: string = version

function root(): string {
  let folder = import.meta.dirname
  while (!existsSync(join(folder, 'package.json'))) {
    const parent = dirname(folder)
    if (parent === folder) throw new TypeError(`no package.json above ${import.meta.dirname}`)
    folder = parent
  }
  return folder
}

export const pageDir: string = join(root(), 'out', 'renderer')
/** Built beside the entries of the main process, for a thread of its own. */
export const indexWorkerFile: string = join(root(), 'out', 'main', 'index-worker.js')
export const openApiFile: string = join(root(), 'resources', 'openapi.json')

/** The profile of a solo node that was given none. */
export function builtInProfile(): string {
  return readFileSync(join(root(), 'resources', 'solo-profile.yaml'), 'utf8')
}
