import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openStorageFs } from '../../../../../src/main/adapters/storage-fs/storage-fs'
import { viewStorageFs } from '../../../../../src/main/adapters/storage-fs/view'
import { objectStorageConformance } from '../../../../conformance/object-storage'

objectStorageConformance('storage-fs', async () => {
  const root = await mkdtemp(join(tmpdir(), 'thatdam-storage-fs-'))
  return {
    open: async () => openStorageFs(root),
    view: async () => viewStorageFs(root),
    dispose: () => rm(root, { recursive: true, force: true }),
  }
})
