/** `node.json`: how the command line finds the node that runs on a data directory. Mode 0600, gone after a clean stop. */
import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { type NodeFile, nodeFileSchema } from '../../shared/cluster'
import type { DataPaths } from './paths'
import { unwritable } from './unwritable'

/** Undefined when there is none, or when what is there is no use: a node that runs writes it afresh. */
export function readNodeFile(paths: DataPaths): NodeFile | undefined {
  try {
    return nodeFileSchema.parse(JSON.parse(readFileSync(paths.nodeFile, 'utf8')))
  } catch {
    return undefined
  }
}

export function writeNodeFile(paths: DataPaths, node: NodeFile): void {
  const temporary = `${paths.nodeFile}.${process.pid}.tmp`
  try {
    writeFileSync(temporary, `${JSON.stringify(node, null, 2)}\n`, { mode: 0o600 })
    renameSync(temporary, paths.nodeFile)
  } catch (error) {
    rmSync(temporary, { force: true })
    throw unwritable(dirname(paths.nodeFile), error)
  }
}

export function removeNodeFile(paths: DataPaths): void {
  rmSync(paths.nodeFile, { force: true })
}
