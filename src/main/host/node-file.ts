/** `node.json`: how the command line finds the node that runs on a data directory. Mode 0600, gone after a clean stop. */
import { readFileSync, rmSync } from 'node:fs'
import { type NodeFile, nodeFileSchema } from '../../shared/cluster'
import type { DataPaths } from './paths'
import { replacePrivateFile } from './private-file'

/** Undefined when there is none, or when what is there is no use: a node that runs writes it afresh. */
export function readNodeFile(paths: DataPaths): NodeFile | undefined {
  try {
    return nodeFileSchema.parse(JSON.parse(readFileSync(paths.nodeFile, 'utf8')))
  } catch {
    return undefined
  }
}

export function writeNodeFile(paths: DataPaths, node: NodeFile): void {
  replacePrivateFile(paths.nodeFile, `${JSON.stringify(node, null, 2)}\n`)
}

export function removeNodeFile(paths: DataPaths): void {
  rmSync(paths.nodeFile, { force: true })
}
