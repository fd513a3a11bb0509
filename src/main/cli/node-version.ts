/** The oldest Node that the native SQLite binding runs on: below it, opening a database ends the process without a word. */
const oldest = { major: 22, minor: 14 } as const

/** One sentence for a Node that is too old, undefined for one that will do. `version` is `process.versions.node`. */
export function nodeVersionProblem(version: string): string | undefined {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  if (major > oldest.major || (major === oldest.major && minor >= oldest.minor)) return undefined
  return `ThatDAM needs Node ${oldest.major}.${oldest.minor} or newer and this is Node ${version}: from a checkout, run it with npm run -s thatdam, which uses the Node that npm ci installs, or install a newer Node.`
}
