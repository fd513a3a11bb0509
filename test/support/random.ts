/** Chance with a seed: a failure can be run again. Numerical Recipes' linear congruential generator. */
export interface Random {
  /** Uniform in [0, 1). */
  (): number
  /** A whole number below `limit`. */
  below(limit: number): number
  pick<T>(items: readonly T[]): T
  /** Bytes that hardly repeat. */
  bytes(length: number): Buffer
}

export function randomFrom(seed: number): Random {
  let state = seed >>> 0
  const next = () => {
    state = (state * 1664525 + 1013904223) % 2 ** 32
    return state / 2 ** 32
  }
  const below = (limit: number) => Math.floor(next() * limit)
  return Object.assign(next, {
    below,
    pick<T>(items: readonly T[]): T {
      const item = items[below(items.length)]
      if (item === undefined) throw new TypeError('nothing to pick from')
      return item
    },
    bytes(length: number): Buffer {
      const bytes = Buffer.alloc(length)
      for (let at = 0; at < length; at++) bytes[at] = below(256)
      return bytes
    },
  })
}
