import { openIndexWeaviate } from '../../../src/main/adapters/index-weaviate/index-weaviate'
import { vectorIndexConformance } from '../../conformance/vector-index'
import { ownClasses } from '../../support/own-classes'
import { describeWith } from '../../support/servers'

describeWith('weaviate', 'on a real server', (address) => {
  vectorIndexConformance('index-weaviate', async () => {
    const classes = ownClasses()
    const open = () => openIndexWeaviate({ ...address, deadlineMs: 20_000 })
    return {
      open: async () => classes.within(open()),
      view: async () => classes.within(open()),
      async dispose() {
        const index = open()
        await classes.removeAll(index)
        await index.close()
      },
    }
  })
})
