import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { kernelFile, kernelSource } from '../../../../../scripts/wasm.mjs'

describe('the compiled inner loops', () => {
  it('are those of their source (`npm run generate` makes it so)', async () => {
    expect(readFileSync(kernelFile, 'utf8')).toBe(await kernelSource())
  })
})
