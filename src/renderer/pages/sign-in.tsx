/** For a browser that the node does not know. It cannot sign in from here: the link comes from a terminal on this computer. */
import { Mark } from '../components/mark'

export function SignIn() {
  return (
    <main className="lone" id="main">
      <Mark />
      <h1>This browser is not signed in.</h1>
      <p>
        Run <code>thatdam up</code> in a terminal on this computer. It says where the node is and prints a link that signs this browser in,
        once.
      </p>
      <p className="dim">Everything the node does goes on meanwhile.</p>
    </main>
  )
}
