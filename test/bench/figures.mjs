export function median(values) {
  return quantile(values, 0.5)
}

export function quantile(values, part) {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))]
}

/** Milliseconds that `count` calls take, `parallel` of them at once. */
export async function timed(parallel, count, work) {
  const started = performance.now()
  let next = 0
  const worker = async () => {
    while (next < count) await work(next++)
  }
  await Promise.all(Array.from({ length: parallel }, worker))
  return performance.now() - started
}

/** Size of the object, how many are under way at once, and how many one round moves: of small ones as many as are told. */
export function objectCases({ alone, together }) {
  return [
    { name: '16 KiB, one at a time', size: 16 * 1024, parallel: 1, count: alone },
    { name: '16 KiB, 16 at once', size: 16 * 1024, parallel: 16, count: together },
    { name: '64 MiB, one at a time', size: 64 * 1024 * 1024, parallel: 1, count: 3 },
    { name: '64 MiB, 16 at once', size: 64 * 1024 * 1024, parallel: 16, count: 16 },
  ]
}

/** Small objects a second, large ones by their bytes. */
export function objectRate(size, count, ms) {
  return size < 1024 * 1024 ? `${Math.round((count / ms) * 1000)}/s` : `${Math.round((size * count) / ms / 1000)} MB/s`
}
