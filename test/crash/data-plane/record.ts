/**
 * What a client of the data plane may expect of one place that it writes to: the last state that was acknowledged, or one of those
 * that it asked for since, of which no answer came.
 */
export interface Expectation<State> {
  /** The write is about to be asked for: from now on it may be found. */
  asked(state: State): void
  /** The answer came, so whatever was asked for before it is over. Writes to one place are made one after the other. */
  acknowledged(state: State): void
  /** Whether this may be what is there now. What is found is then the state from which everything goes on. */
  admits(found: State): boolean
  /** For a message about what was found instead. */
  toString(): string
}

export function expectation<State extends string | null>(initial: State): Expectation<State> {
  let possible: State[] = [initial]
  return {
    asked(state) {
      possible.push(state)
    },
    acknowledged(state) {
      possible = [state]
    },
    admits(found) {
      if (!possible.includes(found)) return false
      possible = [found]
      return true
    },
    toString: () => possible.map((state) => (state === null ? 'nothing' : state.slice(0, 12))).join(' or '),
  }
}
