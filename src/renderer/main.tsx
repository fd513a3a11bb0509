/** Entry of the page. */
import './schemas'
import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import type { NodeClient } from '../shared/node-contract'
import { App } from './app'
import { createClient } from './client'
import { ModelProvider } from './components/model-context'
import { createModel } from './model'
import { keepTime, realTime } from './time'

async function chooseClient(): Promise<NodeClient> {
  const fixture = new URLSearchParams(location.search).get('fixture')
  if (import.meta.env.DEV && fixture !== null) return (await import('./gallery')).createFixtureClient(fixture)
  return createClient(window)
}

const root = document.getElementById('root')
if (root === null) throw new TypeError('index.html has no element with the id "root"')

const model = createModel(await chooseClient(), realTime)
keepTime(model)
void model.run(new AbortController().signal)
createRoot(root).render(
  <StrictMode>
    <ModelProvider value={model}>
      <App />
    </ModelProvider>
  </StrictMode>,
)
