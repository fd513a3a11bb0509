/**
 * A node's HTTP face that says what a fixture says, for the built page to talk to. It serves the page's files and the two
 * routes the page uses, under the headers of the real node.
 */
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { extname, join } from 'node:path'
import { type Fixture, turnedAway } from '../../src/renderer/fixtures'
import type { ErrorBody } from '../../src/shared/errors'
import type { Notice } from '../../src/shared/node-contract'

const contentTypes: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
}

const cluster = {
  apiVersion: 'thatdam/v1',
  kind: 'Cluster',
  cluster_id: '0d0f4c1e-52f4-4d0c-8f0d-6f1f3c1f6b1a',
  node_id: '7f3a91c2-0b5e-4c1d-9a77-3d2f6e81b4a0',
  role: 'leader',
  created_at: '2026-11-24T06:00:00.000Z',
}

const policy =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

export interface StandInNode {
  readonly url: string
  /** The calls it was asked, in order. */
  readonly calls: readonly string[]
  /** What it says from now on. */
  become(fixture: Fixture): void
  /** Push to every page that listens. */
  push(notice: Notice): void
  /** Until called, `apply` does not answer. */
  holdApply(): () => void
  /** Drop every page that listens, as a node that is killed does; until `comeBack` it refuses everything but files. */
  goAway(): void
  comeBack(): void
  close(): Promise<void>
}

export async function startStandInNode(directory: string, initial: Fixture): Promise<StandInNode> {
  let fixture = initial
  let away = false
  let applyGate = Promise.resolve()
  const calls: string[] = []
  const listeners = new Set<ServerResponse>()

  const server = createServer((request, response) => {
    answer(request, response).catch((error: unknown) => response.destroy(error instanceof Error ? error : new Error(String(error))))
  })

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname } = new URL(request.url ?? '/', 'http://127.0.0.1')
    if (!pathname.startsWith('/api/v1/')) return serveFile(pathname, response)
    if (away) {
      response.destroy()
      return
    }
    if (fixture.notices === 'turn-away') return problem(response, 401, turnedAway)
    const name = pathname.slice('/api/v1/'.length)
    if (name === 'notices') return listen(response)
    calls.push(name)
    if (name === 'apply') await applyGate
    const value = { status: fixture.status, setup: fixture.setup, events: fixture.events, apply: fixture.apply, start: cluster }[name]
    if (value === undefined) return problem(response, 409, { code: 'not-set-up', message: `The stand-in has no answer to "${name}".` })
    response.writeHead(200, { 'Content-Type': 'application/json' }).end(JSON.stringify(value))
  }

  async function serveFile(pathname: string, response: ServerResponse): Promise<void> {
    const file = join(directory, pathname === '/' ? 'index.html' : pathname)
    const body = await readFile(file).catch(() => undefined)
    if (body === undefined) response.writeHead(404).end()
    else
      response.writeHead(200, { 'Content-Type': contentTypes[extname(file)] ?? 'text/plain', 'Content-Security-Policy': policy }).end(body)
  }

  function listen(response: ServerResponse): void {
    listeners.add(response)
    response.on('close', () => listeners.delete(response))
    response.writeHead(200, { 'Content-Type': 'text/event-stream' }).flushHeaders()
    if (fixture.status !== null) send(response, { type: 'status', status: fixture.status })
    if (fixture.notices === 'end') away = true
    if (away) response.end()
  }

  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo

  return {
    url: `http://127.0.0.1:${port}`,
    calls,
    become(next) {
      fixture = next
    },
    push(notice) {
      for (const response of listeners) send(response, notice)
    },
    holdApply() {
      const gate = Promise.withResolvers<void>()
      applyGate = gate.promise
      return gate.resolve
    },
    goAway() {
      away = true
      for (const response of listeners) response.destroy()
    },
    comeBack() {
      away = false
    },
    async close() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

function send(response: ServerResponse, notice: Notice): void {
  response.write(`data: ${JSON.stringify(notice)}\n\n`)
}

function problem(response: ServerResponse, status: number, { code, message, hint }: ErrorBody): void {
  const body = { type: 'about:blank', title: code, status, detail: message, code, ...(hint === undefined ? {} : { hint }) }
  response.writeHead(status, { 'Content-Type': 'application/problem+json' }).end(JSON.stringify(body))
}
