export const root: string
export interface BuildOptions {
  readonly making?: () => void
  /** Builds into `outDir`; resolves with what went wrong. */
  readonly build?: (directory: string, outDir: string) => Promise<string | undefined>
  readonly always?: boolean
}
export function buildIfStale(directory?: string, options?: BuildOptions): Promise<string | undefined>
export function fingerprint(directory: string): string
