import { describe, expect, it } from 'vitest'
import { nodeVersionProblem } from '../../../../src/main/cli/node-version'

describe('the version of Node', () => {
  it.each(['22.14.0', '22.22.1', '24.21.0', '100.0.0'])('%s will do', (version) => {
    expect(nodeVersionProblem(version)).toBeUndefined()
  })

  it.each(['22.13.1', '20.19.0', '18.0.0', '9.11.2'])('%s is refused in one sentence that names it', (version) => {
    expect(nodeVersionProblem(version)).toMatch(
      new RegExp(`^ThatDAM needs Node 22\\.14 or newer and this is Node ${version.replaceAll('.', '\\.')}: [^.]+\\.$`),
    )
  })
})
