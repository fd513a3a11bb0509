/** Runs once before all tests: some of them start the built node as its user does, so the build must be that of these sources. */
import { buildIfStale } from '../../scripts/build.mjs'

export default async function setup(): Promise<void> {
  const failure = await buildIfStale()
  if (failure !== undefined) throw new Error(`the build failed:\n${failure}`)
}
