/**
 * What the window may never do, whatever its page asks: go elsewhere, open windows, embed pages, use a device, load from a
 * network, trust a bad certificate. Each rule stands on its own, so that one mistake elsewhere does not open the next door.
 */
import { app, type Session, type WebContents } from 'electron'
import { contentSecurityPolicy, pageOrigin } from './page'

/** Rules of the whole application. Call before a window exists. */
export function denyEverywhere(): void {
  app.enableSandbox()
  app.on('web-contents-created', (_event, contents) => denyIn(contents))
  app.on('certificate-error', (event, _contents, _url, _error, _certificate, trust) => {
    event.preventDefault()
    trust(false)
  })
  app.on('select-client-certificate', (event, _contents, _url, _certificates, select) => {
    event.preventDefault()
    select()
  })
}

function denyIn(contents: WebContents): void {
  contents.on('will-navigate', (event) => event.preventDefault())
  contents.on('will-frame-navigate', (event) => event.preventDefault())
  contents.on('will-redirect', (event) => event.preventDefault())
  contents.on('will-attach-webview', (event) => event.preventDefault())
  contents.setWindowOpenHandler(() => ({ action: 'deny' }))
}

/** Rules of the session that the window's page runs in. */
export function denyInSession(session: Session): void {
  session.setPermissionRequestHandler((_contents, _permission, decide) => decide(false))
  session.setPermissionCheckHandler(() => false)
  session.setDevicePermissionHandler(() => false)
  session.on('will-download', (event) => event.preventDefault())
  session.webRequest.onBeforeRequest(({ url }, decide) => decide({ cancel: !mayLoad(url) }))
  session.webRequest.onHeadersReceived(({ url, responseHeaders }, decide) =>
    decide(isDeveloperTools(url) ? {} : { responseHeaders: withPolicy(responseHeaders ?? {}) }),
  )
}

function mayLoad(url: string): boolean {
  return url.startsWith(`${pageOrigin}/`) || isDeveloperTools(url)
}

/** The developer tools are Chromium's own page and would not run under our policy. Packaged builds have none. */
function isDeveloperTools(url: string): boolean {
  return url.startsWith('devtools://')
}

type Headers = Record<string, string | string[]>

function withPolicy(headers: Headers): Headers {
  const others = Object.entries(headers).filter(([name]) => name.toLowerCase() !== 'content-security-policy')
  return { ...Object.fromEntries(others), 'Content-Security-Policy': [contentSecurityPolicy] }
}
