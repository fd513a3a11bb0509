export const kernelFile: string
export function kernelSource(): Promise<string>
export function writeKernel(): Promise<void>
