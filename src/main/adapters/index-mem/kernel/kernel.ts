/** The compiled inner loop, each instance with a memory of its own that grows and never shrinks. */
import { kernelBase64 } from './kernel.generated'

/** As much of the platform's WebAssembly as is used here; the types of Node alone do not know it. */
interface WebAssemblyApi {
  readonly Module: new (bytes: Uint8Array) => object
  readonly Instance: new (module: object) => { readonly exports: unknown }
}

/** What `scan` multiplies and adds up. */
export const kinds = { products: 0, squares: 1, int8: 2 } as const

/** Addresses and lengths are in bytes. See kernel.wat. */
export interface Kernel {
  readonly memory: { readonly buffer: ArrayBuffer; grow(pages: number): number }
  aim(scale: number, ofRow: number, ofQuery: number, shift: number): void
  scan(
    kind: number,
    list: number,
    row: number,
    count: number,
    stride: number,
    query: number,
    bytes: number,
    least: number,
    out: number,
  ): number
}

export const pageBytes = 65_536

const { WebAssembly } = globalThis as unknown as { readonly WebAssembly: WebAssemblyApi }
let compiled: object | undefined

export function newKernel(): Kernel {
  compiled ??= new WebAssembly.Module(Buffer.from(kernelBase64, 'base64'))
  return new WebAssembly.Instance(compiled).exports as Kernel
}
