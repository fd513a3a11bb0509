import { beforeEach, describe, expect, it, vi } from 'vitest'
import { contentSecurityPolicy } from '../../../../src/main/shell/page'
import { denyEverywhere, denyInSession } from '../../../../src/main/shell/security'
import { createWindow } from '../../../../src/main/shell/window'
import * as electron from './electron-stand-in'

vi.mock('electron', () => import('./electron-stand-in'))

beforeEach(() => electron.reset())

function onlyWindow(): electron.BrowserWindow {
  const [window] = electron.BrowserWindow.all
  if (window === undefined) throw new TypeError('no window was made')
  return window
}

describe('the window', () => {
  it('is isolated from Node and from every other page', () => {
    createWindow('/app/preload.cjs')
    expect(onlyWindow().options.webPreferences).toEqual({
      preload: '/app/preload.cjs',
      sandbox: true,
      contextIsolation: true,
      nodeIntegration: false,
      nodeIntegrationInWorker: false,
      nodeIntegrationInSubFrames: false,
      webSecurity: true,
      allowRunningInsecureContent: false,
      experimentalFeatures: false,
      webviewTag: false,
      navigateOnDragDrop: false,
      spellcheck: false,
      devTools: false,
    })
  })

  it('is never smaller than the overview needs', () => {
    createWindow('/app/preload.cjs')
    expect(onlyWindow().options).toMatchObject({ minWidth: 900, minHeight: 600 })
  })

  it.each([
    [true, '#161715'],
    [false, '#f6f6f4'],
  ])('has the ground of the theme before its first paint (dark: %s)', (dark, color) => {
    electron.nativeTheme.shouldUseDarkColors = dark
    createWindow('/app/preload.cjs')
    expect(onlyWindow().options.backgroundColor).toBe(color)
  })

  it('is shown with its first paint, not before', () => {
    createWindow('/app/preload.cjs')
    const window = onlyWindow()
    expect([window.options.show, window.visible]).toEqual([false, false])
    window.emit('ready-to-show')
    expect(window.visible).toBe(true)
  })
})

describe('every web contents', () => {
  function contents(): electron.WebContents {
    denyEverywhere()
    const made = new electron.WebContents()
    electron.app.emit('web-contents-created', {}, made)
    return made
  }

  it('runs in the sandbox', () => {
    denyEverywhere()
    expect(electron.app.sandboxed).toBe(true)
  })

  it.each(['will-navigate', 'will-frame-navigate', 'will-redirect', 'will-attach-webview'])('is denied %s', (name) => {
    const event = electron.preventable()
    contents().emit(name, event, 'https://example.org/')
    expect(event.defaultPrevented).toBe(true)
  })

  it('opens no window', () => {
    expect(contents().windowOpenHandler?.({ url: 'https://example.org/' })).toEqual({ action: 'deny' })
  })

  it('trusts no certificate that the system does not', () => {
    denyEverywhere()
    const event = electron.preventable()
    const answers: boolean[] = []
    electron.app.emit('certificate-error', event, {}, 'https://example.org/', 'ERR_CERT_DATE_INVALID', {}, (trusted: boolean) =>
      answers.push(trusted),
    )
    expect([event.defaultPrevented, answers]).toEqual([true, [false]])
  })

  it('shows no client certificate', () => {
    denyEverywhere()
    const event = electron.preventable()
    const answers: unknown[][] = []
    electron.app.emit('select-client-certificate', event, {}, 'https://example.org/', [{}], (...chosen: unknown[]) => answers.push(chosen))
    expect([event.defaultPrevented, answers]).toEqual([true, [[]]])
  })
})

describe('the session', () => {
  function hardened(): electron.Session {
    const session = new electron.Session()
    denyInSession(session as never)
    return session
  }

  it.each(['media', 'geolocation', 'notifications', 'openExternal', 'clipboard-read', 'fullscreen'])(
    'denies the permission %s',
    (permission) => {
      const session = hardened()
      const answers: boolean[] = []
      session.permissionRequest?.({}, permission, (granted) => answers.push(granted))
      expect([answers, session.permissionCheck?.({}, permission), session.devicePermission?.({})]).toEqual([[false], false, false])
    },
  )

  it('downloads nothing', () => {
    const event = electron.preventable()
    hardened().emit('will-download', event)
    expect(event.defaultPrevented).toBe(true)
  })

  it.each([
    ['app://thatdam/index.html', false],
    ['app://thatdam/assets/index.js', false],
    ['app://thatdam.example/index.html', true],
    ['app://other/index.html', true],
    ['https://example.org/', true],
    ['http://127.0.0.1:7717/', true],
    ['file:///etc/passwd', true],
    ['ws://127.0.0.1:1/', true],
  ])('loads %s: cancelled is %s', (url, cancel) => {
    const answers: unknown[] = []
    hardened().beforeRequest?.({ url }, (answer) => answers.push(answer))
    expect(answers).toEqual([{ cancel }])
  })

  it('puts the policy on every answer, in place of one that came with it', () => {
    const answers: unknown[] = []
    hardened().headersReceived?.(
      {
        url: 'app://thatdam/index.html',
        responseHeaders: { 'content-security-policy': ["script-src 'unsafe-inline'"], 'X-Other': ['kept'] },
      },
      (answer) => answers.push(answer),
    )
    expect(answers).toEqual([{ responseHeaders: { 'X-Other': ['kept'], 'Content-Security-Policy': [contentSecurityPolicy] } }])
  })
})
