export function withLock<T>(
  path: string,
  work: () => Promise<T>,
  options?: { readonly patienceMs?: number; readonly signal?: AbortSignal },
): Promise<T>
