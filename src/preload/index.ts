/** The only way from the page to the main process: two verbs and no logic. What they carry is checked on the other side. */
import { contextBridge, type IpcRendererEvent, ipcRenderer } from 'electron'
import { type Bridge, callChannel, type NoticeBatch, noticeChannel } from '../shared/bridge'

const bridge: Bridge = {
  call: (name, input) => ipcRenderer.invoke(callChannel, name, input),
  onNotice: (listener) => {
    const forward = (_event: IpcRendererEvent, batch: NoticeBatch) => listener(batch)
    ipcRenderer.on(noticeChannel, forward)
    ipcRenderer.send(noticeChannel, true)
    return () => {
      ipcRenderer.removeListener(noticeChannel, forward)
      ipcRenderer.send(noticeChannel, false)
    }
  },
}

contextBridge.exposeInMainWorld('thatdam', bridge)
