// One server with a directory and ports of its own: what `npm run servers` keeps running, and what a test may kill and start again.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { launcher } from './launch.mjs'
import { freePorts } from './ports.mjs'
import { end } from './processes.mjs'
import { ceph } from './recipes/ceph.mjs'
import { minio } from './recipes/minio.mjs'
import { rabbitmq } from './recipes/rabbitmq.mjs'
import { versitygw } from './recipes/versitygw.mjs'
import { weaviate } from './recipes/weaviate.mjs'

export const recipes = { minio, versitygw, ceph, rabbitmq, weaviate }

/** A place for a server that does not run yet, and how to run it there. */
export async function createInstance(name, { parent = tmpdir(), env = process.env } = {}) {
  const recipe = recipes[name]
  const directory = mkdtempSync(join(parent, `thatdam-${name}-`))
  const ports = await freePorts(recipe.portCount)
  let processes = []

  return {
    directory,
    /** Those that were started last. */
    get processes() {
      return processes
    },
    /** Start it, on the data that are there, and wait until it serves. When it does not, nothing of it goes on running. */
    async start({ detached = false, signal, onProcess = () => {}, settings, serverEnv = {} } = {}) {
      const programs = recipe.programs.find(env)
      if (programs === undefined) throw new Error(`The programs of ${name} are not here.`)
      processes = []
      const note = (one) => {
        processes = [...processes, one]
        onProcess(processes)
      }
      const { launch, run, until } = launcher({ directory, detached, onProcess: note, signal, env })
      try {
        return await recipe.start({ directory, ports, programs, env: serverEnv, settings, launch, run, until })
      } catch (error) {
        await end(processes)
        throw error
      }
    },
    /** End it as a loss of power would: nothing is tidied up. Its data stay. */
    kill: () => end(processes),
    async remove() {
      await end(processes)
      rmSync(directory, { recursive: true, force: true })
    },
  }
}
