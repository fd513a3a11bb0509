import { beforeEach, describe, expect, it, vi } from 'vitest'
import { serveCalls } from '../../../../src/main/shell/ipc'
import { callChannel } from '../../../../src/shared/bridge'
import { PortError, UserError } from '../../../../src/shared/errors'
import type { NodeClient } from '../../../../src/shared/node-contract'
import * as electron from './electron-stand-in'

vi.mock('electron', () => import('./electron-stand-in'))

describe('a call from the window', () => {
  let window: electron.BrowserWindow
  let asked: [name: string, input: unknown][]
  let answer: () => Promise<unknown>

  beforeEach(() => {
    electron.reset()
    window = new electron.BrowserWindow({})
    asked = []
    answer = async () => ['an answer']
    const client: NodeClient = {
      call: (async (name: string, input: unknown) => {
        asked.push([name, input])
        return answer()
      }) as NodeClient['call'],
      async *notices() {},
    }
    serveCalls(window as never, Promise.resolve({ client, close: async () => {} }))
  })

  const fromPage = () => ({ sender: window.webContents, senderFrame: window.webContents.mainFrame })
  const call = (event: unknown, ...args: unknown[]) => electron.ipcMain.invoke(callChannel, event, ...args)

  it('is answered with what the node says', async () => {
    expect(await call(fromPage(), 'history', {})).toEqual({ ok: true, value: ['an answer'] })
  })

  it('reaches the node with its defaults filled in', async () => {
    await call(fromPage(), 'events', {})
    expect(asked).toEqual([['events', { limit: 100 }]])
  })

  it.each<[string, () => unknown]>([
    ['another web contents', () => ({ sender: new electron.WebContents(), senderFrame: window.webContents.mainFrame })],
    [
      'a frame inside the page',
      () => ({ ...fromPage(), senderFrame: new electron.Frame('app://thatdam/index.html', window.webContents.mainFrame) }),
    ],
    ['a page from elsewhere', () => ({ ...fromPage(), senderFrame: new electron.Frame('https://example.org/') })],
    ['a page whose address only begins like ours', () => ({ ...fromPage(), senderFrame: new electron.Frame('app://thatdam.example/') })],
    ['a frame that is gone', () => ({ ...fromPage(), senderFrame: null })],
  ])('is refused when it comes from %s', async (_who, event) => {
    expect(await call(event(), 'status', {})).toMatchObject({ ok: false, error: { code: 'forbidden' } })
    expect(asked).toEqual([])
  })

  it('is refused when the window is gone', async () => {
    window.destroyed = true
    expect(await call(fromPage(), 'status', {})).toMatchObject({ ok: false, error: { code: 'forbidden' } })
  })

  it.each(['nothing', '__proto__', 'constructor', 'toString', '', 7, null, undefined, { toString: () => 'status' }])(
    'is refused for the name %j',
    async (name) => {
      expect(await call(fromPage(), name, {})).toMatchObject({ ok: false, error: { code: 'invalid' } })
      expect(asked).toEqual([])
    },
  )

  it.each<[string, unknown, string]>([
    ['events', { limit: 0 }, 'limit'],
    ['events', { limit: '5' }, 'limit'],
    ['rollback', {}, 'revision'],
    ['apply', { profile: { text: 5 } }, 'profile.text'],
    ['status', { surprise: true }, ''],
    ['status', undefined, ''],
  ])('is refused for the input of %s: %j', async (name, input, path) => {
    const refusal = await call(fromPage(), name, input)
    expect(refusal).toMatchObject({ ok: false, error: { code: 'invalid', details: [{ path, message: expect.stringMatching(/\S/) }] } })
    expect(asked).toEqual([])
  })

  it('carries a user error whole', async () => {
    const details = [{ path: 'spec', line: 3, column: 5, message: 'is wrong' }]
    answer = async () => {
      throw new UserError('invalid-profile', 'The profile has an error.', { hint: 'Mend line 3.', details })
    }
    expect(await call(fromPage(), 'apply', {})).toEqual({
      ok: false,
      error: { code: 'invalid-profile', message: 'The profile has an error.', hint: 'Mend line 3.', details },
    })
  })

  it.each<[string, Error, unknown]>([
    ['a port error', new PortError('no-space', 'the disk is full'), { code: 'no-space', message: 'the disk is full' }],
    ['any other', new TypeError('x is not a function'), { code: 'internal', message: 'x is not a function' }],
  ])('carries %s with its code and message, and no stack', async (_kind, thrown, error) => {
    answer = async () => {
      throw thrown
    }
    expect(await call(fromPage(), 'apply', {})).toEqual({ ok: false, error })
  })
})
