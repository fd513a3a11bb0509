/** The compiled inner loops, each instance with a memory of its own that grows and never shrinks. */
import { kernelBase64 } from './kernel.generated'

/** As much of the platform's WebAssembly as is used here; the types of Node alone do not know it. */
interface WebAssemblyApi {
  readonly Module: new (bytes: Uint8Array) => object
  readonly Instance: new (module: object) => { readonly exports: unknown }
}

type Dot = (query: number, row: number, bytes: number, rows: number, out: number) => void

export interface Kernel {
  readonly memory: { readonly buffer: ArrayBuffer; grow(pages: number): number }
  readonly dot_f32: Dot
  readonly dot_i8: Dot
}

const { WebAssembly } = globalThis as unknown as { readonly WebAssembly: WebAssemblyApi }
const pageBytes = 65_536
let compiled: object | undefined

export function newKernel(): Kernel {
  compiled ??= new WebAssembly.Module(Buffer.from(kernelBase64, 'base64'))
  return new WebAssembly.Instance(compiled).exports as Kernel
}

/** Make sure of `bytes` of memory. Growing detaches every view there was. */
export function reserve({ memory }: Kernel, bytes: number): void {
  const lacking = bytes - memory.buffer.byteLength
  if (lacking > 0) memory.grow(Math.ceil(lacking / pageBytes))
}
