// Whether this machine can show a window, found out without loading `electron`, which would start a download.
import { existsSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'

/** The folder of the `electron` package, or undefined when it is not installed. */
export function electronPackage(from = import.meta.url) {
  try {
    return dirname(createRequire(from).resolve('electron/package.json'))
  } catch (error) {
    if (error.code === 'MODULE_NOT_FOUND') return undefined
    throw error
  }
}

/** Where the package's binary is or would be. `electron` itself looks in the same place. */
export function electronBinary(directory, { platform = process.platform, env = process.env } = {}) {
  const named = join(directory, 'path.txt')
  const relative = existsSync(named) ? readFileSync(named, 'utf8').trim() : platform === 'win32' ? 'electron.exe' : 'electron'
  return join(env.ELECTRON_OVERRIDE_DIST_PATH ?? join(directory, 'dist'), relative)
}

/** Windows and macOS always have a display; elsewhere X11 or Wayland says so. */
export function hasDisplay({ platform = process.platform, env = process.env } = {}) {
  return platform === 'win32' || platform === 'darwin' || Boolean(env.DISPLAY) || Boolean(env.WAYLAND_DISPLAY)
}

/** How to start: in a `window`, after a `download`, or `headless`. */
export function startMode({ directory, platform = process.platform, env = process.env }) {
  if (!hasDisplay({ platform, env }) || directory === undefined) return 'headless'
  return existsSync(electronBinary(directory, { platform, env })) ? 'window' : 'download'
}
