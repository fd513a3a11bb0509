// `npm run servers`: the real servers that tests and benches are made against, on loopback and with data to throw away.
import { assignments, serverNames, servers } from './servers/addresses.mjs'
import { bringUp, report, takeDown } from './servers/fleet.mjs'
import { builtProgram } from './servers/programs.mjs'

const usage = `npm run servers -- up [NAME…] [--install]   bring them up; what runs already is used
npm run servers -- down [NAME…]             end them and remove their data
npm run servers -- status                   what runs, and where

Without names it is about all of them: ${serverNames.join(', ')}. \`up mc\` gets MinIO's client, which is a program without a server.
With --install, up installs RabbitMQ and Ceph from Debian, as root. What has to be built is built with Go, once per machine.
The variables to use go to stdout, everything else to stderr: eval "$(npm run -s servers -- up minio)".`

const say = (sentence) => console.error(sentence)
const [command, ...rest] = process.argv.slice(2)
const install = rest.includes('--install')
const named = rest.filter((word) => word !== '--install')
const unknown = named.filter((name) => !serverNames.includes(name) && !(command === 'up' && name === 'mc'))
const commands = { up, down, status }

if (!Object.hasOwn(commands, command ?? '') || unknown.length > 0 || (install && command !== 'up')) {
  if (unknown.length > 0 && command !== undefined) say(`There is no server called ${unknown.join(', ')}.\n`)
  say(usage)
  process.exitCode = 2
} else {
  try {
    await commands[command](named.length > 0 ? named : serverNames)
  } catch (error) {
    say(error.message)
    process.exitCode = 1
  }
}

async function up(names) {
  const stop = new AbortController()
  // More than once, because npm hands on what the terminal has sent to both.
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(name, () => stop.abort(new Error('Stopped: nothing of it runs.')))
  if (names.includes('mc')) await client(stop.signal)
  const outcomes = await bringUp(
    names.filter((name) => name !== 'mc'),
    { say, install, signal: stop.signal },
  )
  for (const { name, how, error } of outcomes) {
    if (how === 'named') say(`${servers[name].title} is the one that the environment names.`)
    if (how === 'running') say(`${servers[name].title} runs already.`)
    if (how === 'failed') say(`${servers[name].title} is not up. ${error}`)
  }
  if (outcomes.some(({ how }) => how === 'failed')) process.exitCode = 1
  const there = outcomes.filter(({ address }) => address !== undefined)
  if (there.length > 0) tell(there)
}

/** `npm test` finds what runs by itself; these are for whoever wants another way. */
function tell(there) {
  console.log('# For tests and benches:')
  for (const { name, address } of there) exportAll(assignments(name, address))
  const forTheProduct = there.filter(({ name }) => ['minio', 'rabbitmq', 'weaviate'].includes(name))
  if (forTheProduct.length === 0) return
  console.log('# For ThatDAM itself, to try it with them:')
  for (const { name, address } of forTheProduct) exportAll(assignments(name, address, ''))
}

function exportAll(pairs) {
  for (const [variable, value] of pairs) console.log(`export ${variable}='${value.replaceAll("'", "'\\''")}'`)
}

async function client(signal) {
  const source = builtProgram('mc')
  if (source.find(process.env) === undefined) await source.get({ env: process.env, say, signal })
  say(`mc is ${source.find(process.env).mc}`)
}

async function down(names) {
  const gone = await takeDown(names)
  say(gone.length === 0 ? 'Nothing was up.' : `Ended, and their data removed: ${gone.map((name) => servers[name].title).join(', ')}.`)
}

function status() {
  for (const { name, how, address, processes, directory } of report()) {
    const label = name.padEnd(10)
    if (how === 'absent') console.log(`${label} not running`)
    else if (how === 'broken')
      console.log(`${label} not running: it was started and has ended. \`up\` starts it anew, \`down\` removes its remains`)
    else if (how === 'named') console.log(`${label} named by the environment, at ${place(address)}`)
    else console.log(`${label} running at ${place(address)}, process ${processes.map(({ pid }) => pid).join(', ')}, in ${directory}`)
  }
}

/** Without passwords. */
function place({ endpoint, url, managementUrl }) {
  const first = new URL(endpoint ?? url)
  const management = managementUrl === undefined ? '' : ` (management at ${managementUrl})`
  return `${first.protocol}//${first.host}${management}`
}
