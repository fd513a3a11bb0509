/** The desktop application, as a table of contents: what happens, in which order. */
import { app, dialog, session } from 'electron'
import { toErrorBody } from '../../shared/errors'
import { parseFlags } from './flags'
import { serveCalls } from './ipc'
import { installMenu } from './menu'
import { type Host, openNode, type ShellNode } from './node'
import { serveNotices } from './notices'
import { pageUrl, registerPageScheme, servePage } from './page'
import { denyEverywhere, denyInSession } from './security'
import { createWindow, focusWindow } from './window'

export interface ShellOptions<Config> {
  /** Loaded while the window opens, so that the two start side by side. */
  readonly loadHost: () => Promise<Host<Config>>
  /** Directory of the built page. */
  readonly page: string
  /** The built preload script. */
  readonly preload: string
  /** Arguments after the executable. */
  readonly argv: readonly string[]
  readonly env: Record<string, string | undefined>
}

/** Run the application. Resolves when its window shows a running node, or when it is on its way out. */
export async function main<Config>(options: ShellOptions<Config>): Promise<void> {
  if (!app.requestSingleInstanceLock()) {
    app.quit()
    return
  }
  registerPageScheme()
  denyEverywhere()
  await app.whenReady()
  try {
    denyInSession(session.defaultSession)
    await servePage(options.page)
    installMenu()
  } catch (error) {
    showError(error)
    app.exit(1)
    return
  }
  const node = options.loadHost().then((host) => openNode(host, parseFlags(options.argv), options.env))
  // Undefined where the node did not start: that error is shown below, whoever else waits for the node.
  const started = node.catch(() => undefined)
  app.once('will-quit', (event) => {
    event.preventDefault()
    void started.then((opened) => opened && leave(opened, 0))
  })
  try {
    const [opened] = await Promise.all([node, openWindow(options.preload, node)])
    void opened.crashed?.then((mistake) => failWith(mistake, opened))
  } catch (error) {
    await failWith(error, await started)
  }
}

async function openWindow(preload: string, node: Promise<ShellNode>): Promise<void> {
  const window = createWindow(preload)
  serveCalls(window, node)
  serveNotices(window, node)
  app.on('second-instance', () => focusWindow(window))
  app.on('window-all-closed', () => app.quit())
  try {
    await window.loadURL(pageUrl)
  } catch (error) {
    // Closing the window while it loads aborts the load, which is no failure.
    if (!window.isDestroyed()) throw error
  }
}

async function failWith(error: unknown, node: ShellNode | undefined): Promise<void> {
  showError(error)
  await leave(node, 1)
}

/** Stop the node in good order, then end the process. */
async function leave(node: ShellNode | undefined, code: number): Promise<void> {
  try {
    await node?.close()
    app.exit(code)
  } catch (error) {
    showError(error)
    app.exit(1)
  }
}

/** What happened, and what to do about it. */
function showError(error: unknown): void {
  const { message, hint, details } = toErrorBody(error)
  const places = details?.map((detail) => [detail.path, detail.message].filter(Boolean).join(': ')) ?? []
  dialog.showErrorBox('ThatDAM cannot go on', [message, ...places, hint].filter(Boolean).join('\n\n'))
}
