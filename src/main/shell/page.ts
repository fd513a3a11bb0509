/**
 * The window's page, served from `app://thatdam/`. An origin of our own gives the page a real same-origin policy, which
 * `file:` does not. The files are listed once, so a request can name one of them or nothing: there is no path to traverse.
 */
import { readdir, readFile } from 'node:fs/promises'
import { extname, join } from 'node:path'
import { protocol } from 'electron'

const scheme = 'app'
export const pageOrigin = `${scheme}://thatdam`
export const pageUrl = `${pageOrigin}/index.html`

/**
 * The page talks over IPC, so it may connect to nothing. The page's own `<meta>` policy, which must also serve a browser,
 * allows its own origin; a document obeys both.
 */
export const contentSecurityPolicy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "font-src 'self'",
  "connect-src 'none'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
  "trusted-types 'none'",
].join('; ')

const contentTypes: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.woff2': 'font/woff2',
}

/** Make the scheme a standard, secure one. Works only before Electron is ready. */
export function registerPageScheme(): void {
  protocol.registerSchemesAsPrivileged([
    { scheme, privileges: { standard: true, secure: true, supportFetchAPI: true, corsEnabled: true, codeCache: true } },
  ])
}

/** Serve the built page from `directory`. Rejects when the directory cannot be read. */
export async function servePage(directory: string): Promise<void> {
  const files = await listFiles(directory)
  protocol.handle(scheme, async (request) => {
    const file = fileFor(request, files)
    if (file === undefined) return answer(404, 'text/plain; charset=utf-8', 'Not found')
    return answer(200, contentTypes[extname(file)] ?? 'application/octet-stream', await readFile(file))
  })
}

/** Every file under `directory` by the URL path that names it. Step by step, since the packaged page lies in an archive that knows no more. */
async function listFiles(directory: string, path = ''): Promise<ReadonlyMap<string, string>> {
  const files = new Map<string, string>()
  for (const entry of await readdir(directory, { withFileTypes: true })) {
    const file = join(directory, entry.name)
    const name = `${path}/${encodeURIComponent(entry.name)}`
    if (entry.isFile()) files.set(name, file)
    if (entry.isDirectory()) for (const [inner, innerFile] of await listFiles(file, name)) files.set(inner, innerFile)
  }
  return files
}

function fileFor({ method, url }: Request, files: ReadonlyMap<string, string>): string | undefined {
  const { protocol: requested, host, pathname } = new URL(url)
  if (method !== 'GET' || requested !== `${scheme}:` || host !== 'thatdam') return undefined
  return files.get(pathname === '/' ? '/index.html' : pathname)
}

function answer(status: number, contentType: string, body: string | Uint8Array<ArrayBuffer>): Response {
  return new Response(body, {
    status,
    headers: {
      'Content-Type': contentType,
      'Content-Security-Policy': contentSecurityPolicy,
      'X-Content-Type-Options': 'nosniff',
      'Referrer-Policy': 'no-referrer',
    },
  })
}
