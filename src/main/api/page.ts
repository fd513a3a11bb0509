/** The page of a headless node: the built files of one directory, and its entry for every address that is a view of the page. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { wantsPage } from './guard'
import { pathOf } from './problems'

/** A name that the build made from the file's content: the same name never has another content. */
const hashedAsset = /[\\/]assets[\\/].+-[\w-]{8}\.\w+$/

/** What belongs to programs is never answered with the page. */
const programPath = /^\/(api|data|internal|v1)(\/|$)/

export async function servePage(app: FastifyInstance, directory: string): Promise<void> {
  // Only a node that has a page pays for the library that serves it.
  const { fastifyStatic } = await import('@fastify/static')
  await app.register(fastifyStatic, {
    root: directory,
    serve: false,
    cacheControl: false,
    dotfiles: 'ignore',
    setHeaders: (reply, path) => {
      reply.header('cache-control', cacheRule(path))
    },
  })
  app.get<{ Params: { '*': string } }>('/*', { config: { page: true } }, (request, reply) => answer(request, reply, request.params['*']))
}

function answer(request: FastifyRequest, reply: FastifyReply, file: string): FastifyReply {
  return reply.sendFile(isView(request) ? 'index.html' : file)
}

function isView(request: FastifyRequest): boolean {
  const path = pathOf(request)
  if (path === '/') return true
  return wantsPage(request) && !programPath.test(path) && !path.slice(path.lastIndexOf('/')).includes('.')
}

function cacheRule(path: string): string {
  if (path.endsWith('index.html')) return 'no-store'
  return hashedAsset.test(path) ? 'private, max-age=31536000, immutable' : 'no-cache'
}
