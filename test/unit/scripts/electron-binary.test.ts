import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { electronBinary, electronPackage, hasDisplay, startMode } from '../../../scripts/electron-binary.mjs'

let directory: string
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'thatdam-electron-'))
})
afterEach(() => rmSync(directory, { recursive: true, force: true }))

function install(file: string): void {
  mkdirSync(join(directory, 'dist'), { recursive: true })
  writeFileSync(join(directory, 'dist', file), '')
}

describe('the Electron binary', () => {
  it('is the one that path.txt names', () => {
    writeFileSync(join(directory, 'path.txt'), 'Electron.app/Contents/MacOS/Electron\n')
    expect(electronBinary(directory, { platform: 'darwin', env: {} })).toBe(join(directory, 'dist', 'Electron.app/Contents/MacOS/Electron'))
  })

  it.each([
    ['linux', 'electron'],
    ['win32', 'electron.exe'],
  ] as const)('has its usual name without path.txt: %s', (platform, name) => {
    expect(electronBinary(directory, { platform, env: {} })).toBe(join(directory, 'dist', name))
  })

  it('may be kept somewhere else', () => {
    expect(electronBinary(directory, { platform: 'linux', env: { ELECTRON_OVERRIDE_DIST_PATH: '/opt/electron' } })).toBe(
      '/opt/electron/electron',
    )
  })

  it('belongs to a package that may be missing', () => {
    expect(electronPackage(join(directory, 'start.mjs'))).toBeUndefined()
    expect(electronPackage()).toMatch(/electron$/)
  })
})

describe('a display', () => {
  it.each([
    ['win32', {}, true],
    ['darwin', {}, true],
    ['linux', {}, false],
    ['linux', { DISPLAY: '' }, false],
    ['linux', { DISPLAY: ':0' }, true],
    ['linux', { WAYLAND_DISPLAY: 'wayland-0' }, true],
  ] as const)('on %s with %j: %s', (platform, env, there) => {
    expect(hasDisplay({ platform, env })).toBe(there)
  })
})

describe('npm start', () => {
  const env = { DISPLAY: ':0' }

  it('opens a window where there are a binary and a display', () => {
    install('electron')
    expect(startMode({ directory, platform: 'linux', env })).toBe('window')
  })

  it('tries a download where there is a display but no binary', () => {
    expect(startMode({ directory, platform: 'linux', env })).toBe('download')
  })

  it('runs headless without a display, binary or not', () => {
    expect(startMode({ directory, platform: 'linux', env: {} })).toBe('headless')
    install('electron')
    expect(startMode({ directory, platform: 'linux', env: {} })).toBe('headless')
  })

  it('runs headless where Electron is not installed at all', () => {
    expect(startMode({ directory: undefined, platform: 'win32', env: {} })).toBe('headless')
  })
})
