/**
 * As much of Electron as the shell touches, for tests on plain Node: `vi.mock('electron', () => import('./electron-stand-in'))`.
 * It keeps what it was told, so that tests can ask for the rules that are in force. `reset` makes it new.
 */
import { EventEmitter } from 'node:events'

class App extends EventEmitter {
  isPackaged = true
  sandboxed = false
  hasLock = true
  exitCode: number | undefined
  quits = 0
  readonly ready = Promise.withResolvers<void>()
  requestSingleInstanceLock = () => this.hasLock
  enableSandbox = () => {
    this.sandboxed = true
  }
  whenReady = () => this.ready.promise
  quit = () => {
    this.quits++
  }
  exit = (code: number) => {
    this.exitCode = code
  }
}

export class Frame {
  constructor(
    readonly url: string,
    readonly parent: Frame | null = null,
  ) {}
}

export class WebContents extends EventEmitter {
  readonly sent: [channel: string, payload: unknown][] = []
  mainFrame = new Frame('app://thatdam/index.html')
  windowOpenHandler: ((details: { url: string }) => { action: string }) | undefined
  send = (channel: string, payload: unknown) => {
    this.sent.push([channel, payload])
  }
  setWindowOpenHandler = (handler: (details: { url: string }) => { action: string }) => {
    this.windowOpenHandler = handler
  }
}

export class BrowserWindow extends EventEmitter {
  static readonly all: BrowserWindow[] = []
  readonly webContents = new WebContents()
  readonly loaded: string[] = []
  minimized = false
  visible = false
  focused = false
  destroyed = false
  /** What the next `loadURL` does. */
  static load: (url: string) => Promise<void> = async () => {}

  constructor(readonly options: Record<string, unknown> & { webPreferences?: Record<string, unknown> }) {
    super()
    BrowserWindow.all.push(this)
    app.emit('web-contents-created', {}, this.webContents)
  }
  isDestroyed = () => this.destroyed
  isMinimized = () => this.minimized
  restore = () => {
    this.minimized = false
  }
  show = () => {
    this.visible = true
  }
  focus = () => {
    this.focused = true
  }
  loadURL = (url: string) => {
    this.loaded.push(url)
    return BrowserWindow.load(url)
  }
}

type Handler = (event: unknown, ...args: unknown[]) => unknown

class IpcMain extends EventEmitter {
  readonly handlers = new Map<string, Handler>()
  handle = (channel: string, handler: Handler) => {
    this.handlers.set(channel, handler)
  }
  /** What a frame's `ipcRenderer.invoke` resolves to. */
  invoke = async (channel: string, event: unknown, ...args: unknown[]): Promise<unknown> => this.handlers.get(channel)?.(event, ...args)
}

type Decide = (answer: Record<string, unknown>) => void

export class Session extends EventEmitter {
  permissionRequest: ((contents: unknown, permission: string, decide: (granted: boolean) => void) => void) | undefined
  permissionCheck: ((contents: unknown, permission: string) => boolean) | undefined
  devicePermission: ((details: unknown) => boolean) | undefined
  beforeRequest: ((details: { url: string }, decide: Decide) => void) | undefined
  headersReceived: ((details: { url: string; responseHeaders?: Record<string, string[]> }, decide: Decide) => void) | undefined
  setPermissionRequestHandler = (handler: Session['permissionRequest']) => {
    this.permissionRequest = handler
  }
  setPermissionCheckHandler = (handler: Session['permissionCheck']) => {
    this.permissionCheck = handler
  }
  setDevicePermissionHandler = (handler: Session['devicePermission']) => {
    this.devicePermission = handler
  }
  webRequest = {
    onBeforeRequest: (listener: Session['beforeRequest']) => {
      this.beforeRequest = listener
    },
    onHeadersReceived: (listener: Session['headersReceived']) => {
      this.headersReceived = listener
    },
  }
}

class Protocol {
  schemes: unknown
  readonly handlers = new Map<string, (request: Request) => Promise<Response>>()
  registerSchemesAsPrivileged = (schemes: unknown) => {
    this.schemes = schemes
  }
  handle = (scheme: string, handler: (request: Request) => Promise<Response>) => {
    this.handlers.set(scheme, handler)
  }
  /** What the page gets for a URL. */
  fetch = async (url: string, init?: RequestInit): Promise<Response> => {
    const handler = this.handlers.get(new URL(url).protocol.slice(0, -1))
    if (handler === undefined) throw new TypeError(`no handler for ${url}`)
    return handler(new Request(url, init))
  }
}

export let app = new App()
export let ipcMain = new IpcMain()
export let protocol = new Protocol()
export let session = { defaultSession: new Session() }
export const errorBoxes: [title: string, text: string][] = []
export const dialog = {
  showErrorBox: (title: string, text: string) => {
    errorBoxes.push([title, text])
  },
}
export const nativeTheme = { shouldUseDarkColors: false }
export const Menu = {
  installed: [] as unknown[],
  buildFromTemplate: (template: unknown) => template,
  setApplicationMenu: (menu: unknown) => {
    Menu.installed.push(menu)
  },
}

export function reset(): void {
  app = new App()
  ipcMain = new IpcMain()
  protocol = new Protocol()
  session = { defaultSession: new Session() }
  BrowserWindow.all.length = 0
  BrowserWindow.load = async () => {}
  errorBoxes.length = 0
  nativeTheme.shouldUseDarkColors = false
  Menu.installed.length = 0
}

/** An event that remembers whether it was prevented, as Electron's do. */
export function preventable(): { defaultPrevented: boolean; preventDefault(): void } {
  return {
    defaultPrevented: false,
    preventDefault() {
      this.defaultPrevented = true
    },
  }
}
