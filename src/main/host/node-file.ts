/** `node.json`: how the command line finds the node that runs on a data directory. Mode 0600, gone after a clean stop. */
import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { type NodeFile, nodeFileSchema } from '../../shared/cluster'
import type { DataPaths } from './paths'

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
  writeFileSync(temporary, `${JSON.stringify(node, null, 2)}\n`, { mode: 0o600 })
  renameSync(temporary, paths.nodeFile)
}

export function removeNodeFile(paths: DataPaths): void {
  rmSync(paths.nodeFile, { force: true })
}
