/** Who may speak to the main process: the main frame of our window, while it shows our page. */
import type { BrowserWindow, IpcMainEvent, IpcMainInvokeEvent } from 'electron'
import { pageOrigin } from './page'

export function isOurPage({ sender, senderFrame }: IpcMainEvent | IpcMainInvokeEvent, window: BrowserWindow): boolean {
  return (
    !window.isDestroyed() &&
    sender === window.webContents &&
    senderFrame !== null &&
    senderFrame.parent === null &&
    senderFrame.url.startsWith(`${pageOrigin}/`)
  )
}
