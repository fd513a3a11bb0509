/** What the build does for a node that should start fast and stay small. Each of these was measured with `npm run bench`. */
import type { Plugin } from 'vite'

/**
 * V8 keeps the text of every module for as long as a function of it may still be compiled, and at two bytes a character as
 * soon as one character does not fit into one. Escaped, one typographic quote no longer doubles a megabyte.
 */
export function oneByteChunks(): Plugin {
  return {
    name: 'one-byte-chunks',
    // After everything else: code generation writes escapes out again.
    generateBundle: {
      order: 'post',
      handler(_options, bundle) {
        for (const chunk of Object.values(bundle)) {
          if (chunk.type !== 'chunk') continue
          chunk.code = chunk.code.replace(/[^\0-\xff]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
        }
      },
    },
  }
}

/** Modules of Node that a library requires at once and that most nodes never use are loaded when something is first read from them. */
export function lazyBuiltins(names: readonly string[]): Plugin {
  const required = new RegExp(`\\brequire\\((['"])(${names.join('|')})\\1\\)`, 'g')
  return {
    name: 'lazy-builtins',
    enforce: 'pre',
    transform(code, id) {
      if (!id.includes('node_modules')) return undefined
      const lazy = (_: string, quote: string, name: string) =>
        `new Proxy({}, { get: (_, key) => process.getBuiltinModule(${quote}${name}${quote})[key] })`
      const changed = code.replace(required, lazy)
      return changed === code ? undefined : { code: changed, map: null }
    },
  }
}
