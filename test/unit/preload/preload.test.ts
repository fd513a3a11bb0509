import { EventEmitter } from 'node:events'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import { type Bridge, callChannel, type NoticeBatch, noticeChannel } from '../../../src/shared/bridge'

const electron = vi.hoisted(() => ({
  exposed: new Map<string, unknown>(),
  sent: [] as unknown[][],
  ipcRenderer: undefined as unknown,
}))

vi.mock('electron', () => ({
  contextBridge: { exposeInMainWorld: (name: string, value: unknown) => electron.exposed.set(name, value) },
  get ipcRenderer() {
    return electron.ipcRenderer
  },
}))

/** The renderer's half of Electron's IPC. */
class IpcRenderer extends EventEmitter {
  invoke = async (...message: unknown[]) => ({ ok: true, value: message })
  send = (...message: unknown[]) => {
    electron.sent.push(message)
  }
}

describe('the preload script', () => {
  let renderer: IpcRenderer

  beforeEach(async () => {
    electron.exposed.clear()
    electron.sent.length = 0
    renderer = new IpcRenderer()
    electron.ipcRenderer = renderer
    vi.resetModules()
    await import('../../../src/preload/index')
  })

  const bridge = () => electron.exposed.get('thatdam') as Bridge

  it('gives the page two verbs and nothing else', () => {
    expect([...electron.exposed.keys()]).toEqual(['thatdam'])
    expect(Object.keys(bridge())).toEqual(['call', 'onNotice'])
  })

  it('passes a call on with its name and input', async () => {
    expect(await bridge().call('events', { limit: 5 })).toEqual({ ok: true, value: [callChannel, 'events', { limit: 5 }] })
  })

  it('passes notices on without the event that Electron gives, until it is told to stop', () => {
    const seen: NoticeBatch[][] = []
    const stop = bridge().onNotice((...batch) => seen.push(batch))
    const batch: NoticeBatch = { ok: true, value: [] }
    renderer.emit(noticeChannel, { sender: renderer }, batch)
    stop()
    renderer.emit(noticeChannel, { sender: renderer }, batch)
    expect(seen).toEqual([[batch]])
    expect(electron.sent).toEqual([
      [noticeChannel, true],
      [noticeChannel, false],
    ])
    expect(renderer.listenerCount(noticeChannel)).toBe(0)
  })
})
