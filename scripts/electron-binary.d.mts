interface Machine {
  readonly platform?: NodeJS.Platform
  readonly env?: Readonly<Record<string, string | undefined>>
}
export function electronPackage(from?: string): string | undefined
export function electronBinary(directory: string, machine?: Machine): string
export function hasDisplay(machine?: Machine): boolean
export function startMode(machine: Machine & { readonly directory: string | undefined }): 'window' | 'download' | 'headless'
