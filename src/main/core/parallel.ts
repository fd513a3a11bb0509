/** Run `work` over `items`, at most `limit` at a time, until all are done or `work` answers `false` or throws: then no further one is started. */
export async function parallel<T>(items: readonly T[], limit: number, work: (item: T) => Promise<boolean>): Promise<void> {
  let next = 0
  let goOn = true
  async function lane(): Promise<void> {
    while (goOn) {
      const item = items[next++]
      if (item === undefined) return
      try {
        if (!(await work(item))) goOn = false
      } catch (error) {
        goOn = false
        throw error
      }
    }
  }
  await settled(Array.from({ length: Math.min(limit, items.length) }, lane))
}

/** Wait for all, then throw the first failure: nobody is left running behind the caller's back. */
async function settled(promises: readonly Promise<void>[]): Promise<void> {
  const results = await Promise.allSettled(promises)
  for (const result of results) if (result.status === 'rejected') throw result.reason
}
