// Node 24 comes with the project (optionalDependencies), so this speaks only where that package could not be installed.
const [major, minor] = process.versions.node.split('.').map(Number)
if (major < 22 || (major === 22 && minor < 14)) {
  console.error(
    `ThatDAM needs Node 22.14 or newer and this is Node ${process.versions.node}: run it through npm (npm start, npm test, npm run thatdam), which uses the Node 24 that npm ci installs, or install a newer Node.`,
  )
  process.exit(1)
}
