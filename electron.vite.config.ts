import { resolve } from 'node:path'
import react from '@vitejs/plugin-react'
import { defineConfig } from 'electron-vite'
import { lazyBuiltins, oneByteChunks } from './vite.plugins'

export default defineConfig({
  main: {
    plugins: [lazyBuiltins(['node:https', 'node:http2', 'punycode']), oneByteChunks()],
    build: {
      target: 'node22.14',
      // Libraries are bundled: finding and reading their hundreds of files would be a quarter of a cold start.
      // What stays outside is native (better-sqlite3) or loaded by those alone who read logs at a terminal (pino-pretty).
      externalizeDeps: false,
      rolldownOptions: {
        // `electron` is imported by the desktop entry and its shell only, so that the command line runs on plain Node.
        input: {
          index: resolve('src/main/index.ts'),
          cli: resolve('src/main/cli/index.ts'),
          // The vector index works in a thread of its own.
          'index-worker': resolve('src/main/adapters/index-mem/worker.ts'),
        },
        external: ['electron', 'better-sqlite3', 'pino-pretty'],
        // White space and comments go, for V8 keeps the text; names and structure stay, for whoever reads a stack trace.
        output: {
          format: 'es',
          entryFileNames: '[name].js',
          chunkFileNames: 'chunks/[name]-[hash].js',
          minify: { compress: false, mangle: false, codegen: { removeWhitespace: true } },
        },
      },
    },
  },
  preload: {
    build: {
      // A sandboxed preload script can require nothing but electron: everything else goes into the one file.
      externalizeDeps: false,
      rolldownOptions: {
        input: { index: resolve('src/preload/index.ts') },
        output: { format: 'cjs', entryFileNames: '[name].cjs' },
      },
    },
  },
  renderer: {
    plugins: [react()],
    build: {
      // The page also runs in the browsers of people who look at a headless node: those with `light-dark()`.
      target: 'es2024',
      cssTarget: ['chrome123', 'firefox128', 'safari17.5'],
      minify: true,
      // The content security policy and the caching rules are for files.
      assetsInlineLimit: 0,
    },
  },
})
