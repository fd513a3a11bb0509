interface Closable {
  close(): Promise<void> | void
}

/** In the given order, each of them even if one before it fails; then the first failure. */
export async function closeAll(open: readonly Closable[]): Promise<void> {
  const failures: unknown[] = []
  for (const one of open) {
    try {
      await one.close()
    } catch (error) {
      failures.push(error)
    }
  }
  if (failures.length > 0) throw failures[0]
}
