/** The one window: hardened, sized for the overview, and shown only once it has something to show. */
import { app, BrowserWindow, nativeTheme } from 'electron'

/** `--bg` of the page's tokens, so that the window does not flash another colour before its first paint. */
const background = { light: '#f6f6f4', dark: '#161715' } as const

/** Make the window, hidden until its page is ready to be seen. `preload` is the absolute path of the preload script. */
export function createWindow(preload: string): BrowserWindow {
  const window = new BrowserWindow({
    title: 'ThatDAM',
    show: false,
    width: 1200,
    height: 800,
    minWidth: 900,
    minHeight: 600,
    autoHideMenuBar: true,
    backgroundColor: nativeTheme.shouldUseDarkColors ? background.dark : background.light,
    webPreferences: {
      preload,
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
      devTools: !app.isPackaged,
    },
  })
  window.once('ready-to-show', () => window.show())
  return window
}

/** Bring the window to the front, wherever it is. */
export function focusWindow(window: BrowserWindow): void {
  if (window.isMinimized()) window.restore()
  window.show()
  window.focus()
}
