// Writes the files that are made from others: from the schemas of src/shared, and from the vector search's inner loops. Tests compare each of them with what it is made from.
import { readFileSync, writeFileSync } from 'node:fs'
import { relative } from 'node:path'
import { runnerImport } from 'vite'
import { kernelFile, writeKernel } from './wasm.mjs'

const { version } = JSON.parse(readFileSync('package.json', 'utf8'))

/** Output file, the module it is made by, and how. */
const table = [
  {
    file: 'resources/environment-profile.schema.json',
    module: 'src/shared/profile/json-schema.ts',
    make: (made) => made.profileJsonSchema(),
  },
  {
    file: 'resources/openapi.json',
    module: 'src/shared/openapi.ts',
    make: (made) => made.openApiDocument(version),
  },
]

for (const { file, module, make } of table) {
  const loaded = await runnerImport(`./${module}`, { configFile: false, logLevel: 'warn' })
  writeFileSync(file, `${JSON.stringify(make(loaded.module), null, 2)}\n`)
  console.log(`${file} written from ${module}`)
}

await writeKernel()
console.log(`${relative(process.cwd(), kernelFile)} written from kernel.wat`)
