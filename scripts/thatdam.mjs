// `npm run -s thatdam -- ARGS`: the command line of a checkout. It answers nothing of its own, so that `--json` stays one document.
import './check-node.mjs'
import { ensureBuilt, enterCallersDirectory, runCommandLine } from './checkout.mjs'

await ensureBuilt()
enterCallersDirectory('thatdam')
await runCommandLine(process.argv.slice(2))
