import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { parseFlags } from '../../../../src/main/shell/flags'
import { main } from '../../../../src/main/shell/main'
import { type Host, openNode, type ShellNode } from '../../../../src/main/shell/node'
import { callChannel } from '../../../../src/shared/bridge'
import { UserError } from '../../../../src/shared/errors'
import type { NodeClient } from '../../../../src/shared/node-contract'
import * as electron from './electron-stand-in'

vi.mock('electron', () => import('./electron-stand-in'))

const client = (name: string): NodeClient => ({
  call: (async () => name) as unknown as NodeClient['call'],
  async *notices() {},
})

/** A node that remembers whether it was closed. */
function someNode(name: string, parts: Partial<ShellNode> = {}) {
  const state = { closed: 0 }
  const node: ShellNode = {
    client: client(name),
    close: async () => {
      state.closed++
    },
    ...parts,
  }
  return { node, state }
}

interface Config {
  readonly dataDir: string | undefined
}

function hostOf(parts: Partial<Host<Config>>): Host<Config> {
  return {
    loadConfig: async ({ flags }) => ({ dataDir: flags.data }),
    runNode: () => Promise.reject(new TypeError('not expected to run a node')),
    attach: () => Promise.reject(new TypeError('not expected to attach')),
    ...parts,
  }
}

describe('the application', () => {
  let page: string

  beforeEach(async () => {
    electron.reset()
    page = await mkdtemp(join(tmpdir(), 'thatdam-shell-'))
    await writeFile(join(page, 'index.html'), 'page')
  })
  afterEach(() => rm(page, { recursive: true, force: true }))

  const run = (host: Host<Config>, argv: string[] = []) =>
    main({ loadHost: async () => host, page, preload: '/app/preload.cjs', argv, env: {} })

  it('leaves at once when another one runs, and starts nothing', async () => {
    electron.app.hasLock = false
    await run(hostOf({}))
    expect([electron.app.quits, electron.BrowserWindow.all, electron.protocol.schemes]).toEqual([1, [], undefined])
  })

  it('shows its page and answers it from the node it runs', async () => {
    electron.app.ready.resolve()
    const configs: Config[] = []
    const { node } = someNode('mine')
    await run(
      hostOf({
        runNode: async (config) => {
          configs.push(config)
          return node
        },
      }),
      ['--data', '/srv/media'],
    )
    const [window] = electron.BrowserWindow.all
    expect(window?.loaded).toEqual(['app://thatdam/index.html'])
    expect(configs).toEqual([{ dataDir: '/srv/media' }])
    const event = { sender: window?.webContents, senderFrame: window?.webContents.mainFrame }
    expect(await electron.ipcMain.invoke(callChannel, event, 'status', {})).toEqual({ ok: true, value: 'mine' })
  })

  it('makes no window before Electron is ready, but registers its scheme and its rules', async () => {
    const running = run(hostOf({ runNode: async () => someNode('mine').node }))
    expect([electron.BrowserWindow.all.length, electron.app.sandboxed, electron.protocol.schemes === undefined]).toEqual([0, true, false])
    electron.app.ready.resolve()
    await running
    expect(electron.BrowserWindow.all).toHaveLength(1)
  })

  it('brings its window to the front when it is started again', async () => {
    electron.app.ready.resolve()
    await run(hostOf({ runNode: async () => someNode('mine').node }))
    const [window] = electron.BrowserWindow.all
    if (window === undefined) throw new TypeError('no window was made')
    window.minimized = true
    electron.app.emit('second-instance')
    expect([window.minimized, window.visible, window.focused]).toEqual([false, true, true])
  })

  it('leaves when its window is closed, and stops its node first', async () => {
    electron.app.ready.resolve()
    const { node, state } = someNode('mine')
    await run(hostOf({ runNode: async () => node }))
    electron.app.emit('window-all-closed')
    expect(electron.app.quits).toBe(1)
    const event = electron.preventable()
    electron.app.emit('will-quit', event)
    await vi.waitFor(() => expect(electron.app.exitCode).toBe(0))
    expect([event.defaultPrevented, state.closed, electron.errorBoxes]).toEqual([true, 1, []])
  })

  it('says so when the node does not stop in good order, and exits 1', async () => {
    electron.app.ready.resolve()
    const close = () => Promise.reject(new Error('the journal could not be closed'))
    await run(hostOf({ runNode: async () => someNode('mine', { close }).node }))
    electron.app.emit('will-quit', electron.preventable())
    await vi.waitFor(() => expect(electron.app.exitCode).toBe(1))
    expect(electron.errorBoxes).toEqual([['ThatDAM cannot go on', 'the journal could not be closed']])
  })

  it('says why it cannot start and what to do, once, and exits 1', async () => {
    electron.app.ready.resolve()
    const error = new UserError('damaged-data', 'cluster.json cannot be read.', {
      hint: 'Restore it from a backup.',
      details: [{ path: 'node_id', message: 'is missing' }],
    })
    await run(hostOf({ runNode: () => Promise.reject(error) }))
    expect(electron.errorBoxes).toEqual([
      ['ThatDAM cannot go on', 'cluster.json cannot be read.\n\nnode_id: is missing\n\nRestore it from a backup.'],
    ])
    expect(electron.app.exitCode).toBe(1)
  })

  it('stops the node when its page cannot be shown', async () => {
    electron.app.ready.resolve()
    electron.BrowserWindow.load = () => Promise.reject(new Error('ERR_FAILED'))
    const { node, state } = someNode('mine')
    await run(hostOf({ runNode: async () => node }))
    expect([electron.errorBoxes.length, state.closed, electron.app.exitCode]).toEqual([1, 1, 1])
  })

  it('takes a window that is closed while it loads for what it is', async () => {
    electron.app.ready.resolve()
    electron.BrowserWindow.load = async () => {
      for (const window of electron.BrowserWindow.all) window.destroyed = true
      throw new Error('ERR_ABORTED')
    }
    await run(hostOf({ runNode: async () => someNode('mine').node }))
    expect([electron.errorBoxes, electron.app.exitCode]).toEqual([[], undefined])
  })

  it('says so when its page is not where it should be', async () => {
    electron.app.ready.resolve()
    await rm(page, { recursive: true })
    await run(hostOf({}))
    expect([electron.errorBoxes.length, electron.app.exitCode, electron.BrowserWindow.all]).toEqual([1, 1, []])
  })

  it('says so when its node breaks down later, and exits 1', async () => {
    electron.app.ready.resolve()
    const crash = Promise.withResolvers<unknown>()
    const { node, state } = someNode('mine', { crashed: crash.promise })
    await run(hostOf({ runNode: async () => node }))
    crash.resolve(new TypeError('x is undefined'))
    await vi.waitFor(() => expect(electron.app.exitCode).toBe(1))
    expect([electron.errorBoxes, state.closed]).toEqual([[['ThatDAM cannot go on', 'x is undefined']], 1])
  })
})

describe('the node behind the window', () => {
  const locked = new UserError('locked', 'Process 42 runs a node on this directory.')

  it('is the running one, when another process has the data directory', async () => {
    const { node } = someNode('other')
    const opened = await openNode(
      hostOf({ runNode: () => Promise.reject(locked), attach: async () => ({ ...node, running: true }) }),
      {},
      {},
    )
    expect(await opened.client.call('status', {})).toBe('other')
  })

  it('is nobody, when the process that has the directory does not answer', async () => {
    const { node, state } = someNode('nobody')
    const host = hostOf({ runNode: () => Promise.reject(locked), attach: async () => ({ ...node, running: false }) })
    await expect(openNode(host, {}, {})).rejects.toBe(locked)
    expect(state.closed).toBe(1)
  })

  it('is not looked for elsewhere when it cannot start for another reason', async () => {
    const error = new UserError('port-in-use', 'Port 7717 is taken.')
    await expect(openNode(hostOf({ runNode: () => Promise.reject(error) }), {}, {})).rejects.toBe(error)
  })
})

describe('the flags', () => {
  it.each<[string[], object]>([
    [[], {}],
    [['--data', '/srv/media', '--port=0'], { data: '/srv/media', port: '0' }],
    [['--no-sandbox', '--enable-features=Vulkan', '--data=/srv/media', 'thatdam://join/x'], { data: '/srv/media' }],
  ])('of %j are %j', (argv, flags) => {
    expect(parseFlags(argv)).toEqual(flags)
  })
})
