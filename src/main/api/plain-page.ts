/** The few pages that the node serves by itself: a sentence each, for people who are not signed in or have no page to see. */
import type { FastifyReply } from 'fastify'

const newLink = 'Run <code>thatdam up</code> in a terminal: it says where the node is and prints a fresh link.'

const pages = {
  signedOut: {
    status: 401,
    body: `<h1>You are not signed in</h1><p>${newLink}</p><p>Signed in already? <a href="/">Open the page</a>.</p>`,
  },
  linkUsed: {
    status: 401,
    body: `<h1>This link no longer works</h1><p>A link signs one browser in, once, within ten minutes. ${newLink}</p>`,
  },
  signedIn: {
    status: 200,
    // The page goes on by itself. A redirect would not do: a browser that came from elsewhere would follow it without the new cookie.
    head: '<meta http-equiv="refresh" content="0; url=/">',
    body: '<h1>You are signed in</h1><p><a href="/">Open the page</a>.</p>',
  },
  noPage: {
    status: 200,
    body: '<h1>ThatDAM is running</h1><p>This node was started without its page. <code>thatdam status</code> in a terminal says how it is.</p>',
  },
} satisfies Record<string, { status: number; head?: string; body: string }>

export function sendPlainPage(reply: FastifyReply, name: keyof typeof pages): FastifyReply {
  const page: { status: number; head?: string; body: string } = pages[name]
  return reply
    .code(page.status)
    .type('text/html; charset=utf-8')
    .send(
      [
        '<!doctype html>',
        '<html lang="en">',
        '<meta charset="utf-8">',
        '<meta name="viewport" content="width=device-width">',
        '<meta name="color-scheme" content="light dark">',
        '<title>ThatDAM</title>',
        // Without one, browsers ask for /favicon.ico.
        '<link rel="icon" href="data:,">',
        ...(page.head === undefined ? [] : [page.head]),
        page.body,
        '</html>',
        '',
      ].join('\n'),
    )
}
