/** Rows of one length that lie in blocks of an arena, in order and without gaps. */
import { type Arena, type Block, largestBlock, type Space } from './arena'

export interface Rows {
  /** Bytes of a row. */
  readonly stride: number
  /** Room for exactly this many rows, at least; what is no longer needed is given back. */
  resize(count: number): void
  /** Where a row is: address in its space. */
  spaceOf(row: number): Space
  addressOf(row: number): number
  copy(from: number, to: number): void
  /** Rows that lie in one block: a row's block ends before row `endOf(row)`. */
  endOf(row: number): number
  bytes(): number
}

/** `stride` is a multiple of 16 and at most `largestBlock`. */
export function rowsIn(arena: Arena, stride: number): Rows {
  /** All but the first have the largest length, and the first too before there is a second. */
  const blocks: Block[] = []
  const perBlock = Math.floor(largestBlock / stride)

  function blockOf(row: number): Block {
    return blocks[Math.floor(row / perBlock)] as Block
  }

  function addressOf(row: number): number {
    return blockOf(row).at + (row % perBlock) * stride
  }

  /** The first block starts small and is moved to a larger one as it fills. */
  function resizeFirst(count: number): void {
    const [first] = blocks
    const wanted = Math.min(count, perBlock) * stride
    if (first !== undefined && wanted <= first.length && wanted * 4 > first.length) return
    const next = arena.take(wanted)
    if (first !== undefined) {
      const kept = Math.min(first.length, next.length)
      next.space.bytes.set(first.space.bytes.subarray(first.at, first.at + kept), next.at)
      arena.give(first)
    }
    blocks[0] = next
  }

  return {
    stride,
    resize(count) {
      const wanted = Math.ceil(count / perBlock)
      while (blocks.length > wanted) {
        const last = blocks.pop()
        if (last !== undefined) arena.give(last)
      }
      if (count > 0) resizeFirst(count)
      while (blocks.length < wanted) blocks.push(arena.take(perBlock * stride))
    },
    spaceOf: (row) => blockOf(row).space,
    addressOf,
    copy(from, to) {
      const start = addressOf(from)
      blockOf(to).space.bytes.set(blockOf(from).space.bytes.subarray(start, start + stride), addressOf(to))
    },
    endOf: (row) => (Math.floor(row / perBlock) + 1) * perBlock,
    bytes: () => blocks.reduce((sum, { length }) => sum + length, 0),
  }
}
