/** The `data` commands in this process, and the data plane they speak to: embedded adapters behind a real socket. */
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { onTestFinished } from 'vitest'
import type { Host } from '../../../../../src/main/cli/host'
import { tempDir } from '../../../../support/temp'
import { type Plane, startData } from '../../api/data/workbench'
import { token } from '../../api/support'
import { fakeHost, fakeNode, type Ran, run, type TerminalOptions } from '../fakes'

export interface Shell {
  /** The current directory of the commands. */
  readonly cwd: string
  thatdam(args: readonly string[], options?: TerminalOptions): Promise<Ran>
}

/** A host whose running node is the one at `url`. */
export function hostAt(url: string, parts: Partial<Host> = {}) {
  const attach: Host['attach'] = async () => ({
    client: fakeNode({}).client,
    running: true,
    address: { url, token },
    isSetUp: async () => true,
    close: async () => {},
  })
  return fakeHost({ parts: { attach, ...parts } })
}

export function shellAt(url: string): Shell {
  const cwd = tempDir()
  return { cwd, thatdam: (args, options) => run(['data', ...args], hostAt(url), { cwd, ...options }) }
}

export async function startShell(): Promise<Shell & { readonly plane: Plane }> {
  const plane = await startData()
  return { plane, ...shellAt(plane.url) }
}

/** Something else that answers, where the real one cannot be brought to answer so. */
export async function standIn(listener: RequestListener): Promise<string> {
  const server = createServer(listener)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(async () => {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}
