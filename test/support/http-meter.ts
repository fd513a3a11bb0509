/** The requests in what a client sends over one connection: enough of HTTP/1.1 to tell where each of them ends. */

export interface MeteredRequest {
  readonly method: string
  /** Path and query, as sent. */
  readonly target: string
}

type Part = 'head' | 'body' | 'chunk-size' | 'chunk' | 'trailer' | 'unknown'

const longestHead = 64 * 1024

/** Feed it every piece in order. It calls `onRequest` as soon as a request's head is whole; in what is not HTTP it sees none. */
export function httpMeter(onRequest: (request: MeteredRequest) => void): (piece: Buffer) => void {
  let part: Part = 'head'
  /** What of the present line or head has come. */
  let text = ''
  /** Bytes of the body or chunk that are still to come. */
  let left = 0

  /** Up to and with `mark`, or undefined while it is not there. */
  function take(mark: string): string | undefined {
    const end = text.indexOf(mark)
    if (end < 0) return undefined
    const taken = text.slice(0, end + mark.length)
    text = text.slice(end + mark.length)
    return taken
  }

  function head(): boolean {
    const taken = take('\r\n\r\n')
    if (taken === undefined) {
      if (text.length > longestHead) part = 'unknown'
      return false
    }
    const [, method, target] = /^([A-Z]+) (\S+) HTTP\/1\.[01]\r\n/.exec(taken) ?? []
    if (method === undefined || target === undefined) {
      part = 'unknown'
      return false
    }
    onRequest({ method, target })
    left = Number(/\r\ncontent-length: *(\d+)/i.exec(taken)?.[1] ?? 0)
    part = /\r\ntransfer-encoding:[^\r]*chunked/i.test(taken) ? 'chunk-size' : left > 0 ? 'body' : 'head'
    return true
  }

  function body(): boolean {
    const length = Math.min(left, text.length)
    text = text.slice(length)
    left -= length
    if (left > 0) return false
    part = part === 'chunk' ? 'chunk-size' : 'head'
    return true
  }

  function chunkSize(): boolean {
    const line = take('\r\n')
    if (line === undefined) return false
    const size = Number.parseInt(line, 16)
    left = size + 2
    part = size === 0 ? 'trailer' : 'chunk'
    return true
  }

  function trailer(): boolean {
    const line = take('\r\n')
    if (line === undefined) return false
    if (line === '\r\n') part = 'head'
    return true
  }

  const steps = { head, body, chunk: body, 'chunk-size': chunkSize, trailer, unknown: () => false }
  return (piece) => {
    if (part === 'unknown') return
    text += piece.toString('latin1')
    while (text !== '' && steps[part]()) {
      // Goes on with the next part.
    }
  }
}
