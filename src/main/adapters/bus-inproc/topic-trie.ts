/**
 * Topic patterns of one exchange, compiled: matching a key costs its words and the patterns that share a beginning with it,
 * not the number of patterns.
 *
 * Words are what stands between dots, and may be empty; the empty key has no words. `*` stands for exactly one word, `#` for
 * zero or more. These are the rules of RabbitMQ's topic exchange.
 */

export interface TopicTrie<T> {
  add(pattern: string, value: T): void
  /** The values of every pattern that matches, each once. */
  match(key: string): Set<T>
}

interface Node<T> {
  readonly words: Map<string, Node<T>>
  star: Node<T> | undefined
  hash: Node<T> | undefined
  /** Reached by `#`, and therefore able to swallow any word and stay. */
  readonly swallows: boolean
  readonly values: Set<T>
}

export function topicTrie<T>(): TopicTrie<T> {
  const root = newNode<T>(false)

  return {
    add(pattern, value) {
      let node = root
      for (const word of wordsOf(pattern)) node = child(node, word)
      node.values.add(value)
    },

    match(key) {
      // All places in the trie where the words read so far can have led, followed at once. A set of places, unlike
      // backtracking, keeps patterns with several `#` from costing exponential time.
      let places = new Set<Node<T>>()
      enter(root, places)
      for (const word of wordsOf(key)) {
        const next = new Set<Node<T>>()
        for (const node of places) {
          if (node.swallows) enter(node, next)
          enter(node.words.get(word), next)
          enter(node.star, next)
        }
        if (next.size === 0) return new Set()
        places = next
      }
      const found = new Set<T>()
      for (const node of places) for (const value of node.values) found.add(value)
      return found
    },
  }
}

function wordsOf(text: string): readonly string[] {
  return text === '' ? [] : text.split('.')
}

function newNode<T>(swallows: boolean): Node<T> {
  return { words: new Map(), star: undefined, hash: undefined, swallows, values: new Set() }
}

function child<T>(node: Node<T>, word: string): Node<T> {
  if (word === '*') {
    node.star ??= newNode(false)
    return node.star
  }
  if (word === '#') {
    node.hash ??= newNode(true)
    return node.hash
  }
  const known = node.words.get(word)
  if (known !== undefined) return known
  const created = newNode<T>(false)
  node.words.set(word, created)
  return created
}

/** Being at a place is also being behind each `#` that follows it, since `#` may stand for nothing. */
function enter<T>(node: Node<T> | undefined, places: Set<Node<T>>): void {
  for (let at = node; at !== undefined && !places.has(at); at = at.hash) places.add(at)
}
