export function withLock<T>(path: string, work: () => Promise<T>, options?: { readonly patienceMs?: number }): Promise<T>
