// Compiles the vector search's inner loops. The module is a few hundred bytes, so it travels as text inside the program.
import { readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import initWabt from 'wabt'

const folder = join(dirname(import.meta.dirname), 'src/main/adapters/index-mem/kernel')
export const kernelFile = join(folder, 'kernel.generated.ts')

/** The text of the generated file. */
export async function kernelSource() {
  const { parseWat } = await initWabt()
  const module = parseWat('kernel.wat', readFileSync(join(folder, 'kernel.wat'), 'utf8'), { simd: true })
  try {
    module.validate()
    const { buffer } = module.toBinary({})
    const text = Buffer.from(buffer).toString('base64')
    const lines = text.match(/.{1,100}/g) ?? []
    return [
      '/** Generated from kernel.wat by `npm run generate`. */',
      'export const kernelBase64 = [',
      ...lines.map((line) => `  '${line}',`),
      "].join('')",
      '',
    ].join('\n')
  } finally {
    module.destroy()
  }
}

export async function writeKernel() {
  writeFileSync(kernelFile, await kernelSource())
}
