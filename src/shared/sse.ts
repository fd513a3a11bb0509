/**
 * Server-sent events, read piece by piece as the bytes arrive (WHATWG HTML, "Server-sent events").
 * The part that a stream of notices needs: `data` and `event`; ids and retry times are skipped.
 */

/** What a body has to offer: `ReadableStream` of the DOM and of Node both fit. */
export interface ByteStream {
  getReader(): {
    read(): Promise<{ done: boolean; value?: Uint8Array | undefined }>
    cancel(reason?: unknown): Promise<void>
  }
}

export interface ServerSentEvent {
  /** `message` where the server names no other. */
  readonly event: string
  /** The data lines, joined by line feeds. */
  readonly data: string
}

/** Every runtime that can fetch has it; the types of `shared`, which know no platform, do not. */
declare const TextDecoder: { new (): { decode(bytes: Uint8Array, options: { stream: true }): string } }

const lineEnd = /\r\n|\n|\r/

/**
 * A decoder for one stream: feed it bytes in order, get the events that these bytes complete. Lines may end in LF, CR or
 * CRLF, and a chunk may end anywhere, within a character too. An event that the stream's end cuts off is dropped.
 */
export function createSseDecoder(): (bytes: Uint8Array) => ServerSentEvent[] {
  const decoder = new TextDecoder()
  let partial = ''
  let endedWithCr = false
  let event = ''
  let data: string[] = []

  function takeLine(line: string): ServerSentEvent | undefined {
    if (line === '') {
      const complete = data.length === 0 ? undefined : { event: event || 'message', data: data.join('\n') }
      event = ''
      data = []
      return complete
    }
    const colon = line.indexOf(':')
    const field = colon === -1 ? line : line.slice(0, colon)
    const value = colon === -1 ? '' : line.slice(line.startsWith(' ', colon + 1) ? colon + 2 : colon + 1)
    if (field === 'data') data.push(value)
    else if (field === 'event') event = value
    return undefined
  }

  return (bytes) => {
    let text = decoder.decode(bytes, { stream: true })
    if (text === '') return []
    // A CR ended the last chunk and its line; the LF that belongs to it comes only now.
    if (endedWithCr && text.startsWith('\n')) text = text.slice(1)
    endedWithCr = text.endsWith('\r')
    const lines = text.split(lineEnd)
    lines[0] = partial + lines[0]
    partial = lines.pop() ?? ''
    return lines.map(takeLine).filter((complete) => complete !== undefined)
  }
}

/** The events of a body until it ends. Leaving the loop early cancels the body; a broken connection rejects. */
export async function* readServerSentEvents(body: ByteStream): AsyncGenerator<ServerSentEvent, void, undefined> {
  const reader = body.getReader()
  const decode = createSseDecoder()
  let open = true
  try {
    while (open) {
      const { done, value } = await reader.read()
      open = !done
      if (value !== undefined) yield* decode(value)
    }
  } finally {
    if (open) await reader.cancel()
  }
}
