/** Notices to the window, from when its page asks for them until it says stop, goes away or the node does. */
import { type BrowserWindow, ipcMain } from 'electron'
import { type NoticeBatch, noticeChannel } from '../../shared/bridge'
import { toErrorBody, UserError } from '../../shared/errors'
import type { ShellNode } from './node'
import { noticeBuffer } from './notice-buffer'
import { isOurPage } from './sender'

export function serveNotices(window: BrowserWindow, node: Promise<ShellNode>): void {
  let current = new AbortController()

  ipcMain.on(noticeChannel, (event, wanted: unknown) => {
    if (!isOurPage(event, window)) return
    current.abort()
    if (wanted !== true) return
    current = new AbortController()
    void pump(node, (batch) => window.webContents.send(noticeChannel, batch), current.signal)
  })
  window.webContents.on('render-process-gone', () => current.abort())
  window.on('closed', () => current.abort())
}

/** Never rejects: how it ended is the last batch. */
async function pump(node: Promise<ShellNode>, send: (batch: NoticeBatch) => void, signal: AbortSignal): Promise<void> {
  const buffer = noticeBuffer((batch) => {
    if (!signal.aborted) send(batch)
  })
  try {
    const { client } = await node
    for await (const notice of client.notices(signal)) buffer.add(notice)
    buffer.end(toErrorBody(new UserError('unavailable', 'The node no longer sends notices.')))
  } catch (error) {
    buffer.end(toErrorBody(error))
  } finally {
    buffer.stop()
  }
}
