import { objectStorageConformance } from '../../conformance/object-storage'
import { describeWith } from '../../support/servers'
import { stageAt } from './storage-minio-harness'

describeWith('versitygw', 'storage-minio', (address) => {
  objectStorageConformance('storage-minio', () => stageAt(address))
})
