/**
 * The memory in which vectors lie: blocks of a power of two of bytes, taken from and given back to a few WebAssembly memories. One
 * memory for each partition would reserve gigabytes of addresses for a tenant with three vectors, and one for all ends at 4 GiB.
 */
import { type Kernel, newKernel, pageBytes } from './kernel/kernel'

const leastBlock = 4_096
/** Also by how much a memory grows. The system gives a page of it only once something is written there. */
export const largestBlock = 8 * 1_024 * 1_024
const largestSpace = 1_024 * 1_024 * 1_024

/** One memory and views of it. The first `largestBlock` bytes belong to whoever scans. */
export interface Space {
  readonly kernel: Kernel
  readonly floats: Float32Array
  readonly doubles: Float64Array
  readonly bytes: Int8Array
  readonly shorts: Int16Array
  readonly words: Uint32Array
}

export interface Block {
  readonly space: Space
  /** Address in the space. */
  readonly at: number
  readonly length: number
}

export interface Arena {
  /** A block of at least `length` bytes, at most `largestBlock`. What it holds is anything. */
  take(length: number): Block
  give(block: Block): void
  /** Of the blocks that are taken. */
  bytes(): number
}

export function arena(): Arena {
  const pools: Pool[] = []
  let taken = 0

  return {
    take(wanted) {
      if (wanted > largestBlock) throw new TypeError(`a block of ${wanted} bytes was asked for`)
      let length = leastBlock
      while (length < wanted) length *= 2
      for (const pool of pools) {
        const at = pool.take(length)
        if (at === undefined) continue
        taken += length
        return { space: pool.space, at, length }
      }
      const pool = newPool()
      pools.push(pool)
      const at = pool.take(length)
      if (at === undefined) throw new TypeError('a new memory has no room')
      taken += length
      return { space: pool.space, at, length }
    },
    give({ space, at, length }) {
      const index = pools.findIndex((pool) => pool.space === space)
      const pool = pools[index]
      if (pool === undefined) throw new TypeError('a block was given back that is not of this arena')
      taken -= length
      pool.give(at, length)
      if (pool.isFree()) pools.splice(index, 1)
    },
    bytes: () => taken,
  }
}

interface Pool {
  readonly space: Space
  take(length: number): number | undefined
  give(at: number, length: number): void
  isFree(): boolean
}

/** Buddies: a block is split in halves until it is no larger than wanted, and two halves that are free become one again. */
function newPool(): Pool {
  const kernel = newKernel()
  /** Addresses of free blocks, by length. */
  const free = new Map<number, Set<number>>()
  let end = largestBlock
  let taken = 0
  kernel.memory.grow(end / pageBytes - 1)
  const space = { kernel, ...viewsOf(kernel) }

  function freeOf(length: number): Set<number> {
    const known = free.get(length)
    if (known !== undefined) return known
    const made = new Set<number>()
    free.set(length, made)
    return made
  }

  function grow(): boolean {
    if (end + largestBlock > largestSpace) return false
    kernel.memory.grow(largestBlock / pageBytes)
    Object.assign(space, viewsOf(kernel))
    freeOf(largestBlock).add(end)
    end += largestBlock
    return true
  }

  function split(length: number): number | undefined {
    const [at] = freeOf(length)
    if (at !== undefined) {
      freeOf(length).delete(at)
      return at
    }
    if (length === largestBlock) return grow() ? split(length) : undefined
    const twice = split(length * 2)
    if (twice !== undefined) freeOf(length).add(twice + length)
    return twice
  }

  return {
    space,
    take(length) {
      const at = split(length)
      if (at !== undefined) taken += length
      return at
    },
    give(at, length) {
      taken -= length
      let [start, size] = [at, length]
      while (size < largestBlock && freeOf(size).delete(start ^ size)) {
        start = Math.min(start, start ^ size)
        size *= 2
      }
      freeOf(size).add(start)
    },
    isFree: () => taken === 0,
  }
}

/** Growing a memory detaches every view there was. */
function viewsOf({ memory: { buffer } }: Kernel): Omit<Space, 'kernel'> {
  return {
    floats: new Float32Array(buffer),
    doubles: new Float64Array(buffer),
    bytes: new Int8Array(buffer),
    shorts: new Int16Array(buffer),
    words: new Uint32Array(buffer),
  }
}
