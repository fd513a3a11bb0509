/**
 * Entry of the `thatdam` command. It stays this small because everything behind the second import may load native code,
 * which an old Node does not survive long enough to explain.
 */
import module from 'node:module'
import { nodeVersionProblem } from './node-version'
import { holdYoungGeneration } from './young-generation'

const problem = nodeVersionProblem(process.versions.node)
if (problem === undefined) {
  module.enableCompileCache()
  holdYoungGeneration()
  const { main } = await import('./main')
  await main(process.argv.slice(2))
} else {
  process.stderr.write(`error: ${problem}\n`)
  process.exitCode = 1
}
