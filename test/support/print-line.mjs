/** For programs that are killed in the middle: what they printed has left the process before they go on. */
import { writeSync } from 'node:fs'

const paused = new Int32Array(new SharedArrayBuffer(4))

/** Write a line to the standard output, and wait where its reader is slow: a pipe that is full says EAGAIN, or takes a part. */
export function printLine(text) {
  let left = Buffer.from(`${text}\n`)
  while (left.length > 0) {
    try {
      left = left.subarray(writeSync(1, left))
    } catch (error) {
      if (error.code !== 'EAGAIN') throw error
      Atomics.wait(paused, 0, 0, 5)
    }
  }
}
