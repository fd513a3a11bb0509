/**
 * Who may import whom. Deny by default: each folder names what it may reach, and everything else is an error.
 * The way out of a broken rule is to move the code to where it belongs, not to relax the rule.
 */
const may = (name, from, allowed, comment) => ({
  name,
  severity: 'error',
  comment,
  from: { path: from },
  to: { pathNot: allowed },
})

const pure = '^node_modules/(zod|yaml|@noble/hashes|canonicalize|fastest-levenshtein)/'

export default {
  forbidden: [
    {
      name: 'no-circular',
      severity: 'error',
      comment: 'A cycle means that two files are one idea: put it in one place, or hand in what is needed as an argument.',
      from: {},
      to: { circular: true },
    },
    {
      name: 'not-resolvable',
      severity: 'error',
      comment: 'An import that cannot be found fails at run time, on somebody else’s machine.',
      from: {},
      to: { couldNotResolve: true, pathNot: '^(electron|virtual:)' },
    },
    {
      name: 'declared-dependencies-only',
      severity: 'error',
      comment: 'What is imported must be in package.json, or the next install may no longer bring it.',
      from: { path: '^src' },
      to: { dependencyTypes: ['npm-no-pkg', 'npm-unknown', 'unknown'] },
    },
    may(
      'shared-is-pure',
      '^src/shared/',
      ['^src/shared/', pure],
      'Every process runs shared code: it may know schemas and pure functions, and no platform. Platform code goes to main, preload or renderer.',
    ),
    may(
      'core-is-the-inside',
      '^src/main/core/',
      ['^src/main/core/', '^src/shared/', pure],
      'Core speaks to the world through ports. What needs Node, Electron or a vendor is an adapter or belongs to host.',
    ),
    may(
      'adapters-are-the-outside',
      '^src/main/adapters/',
      ['^src/main/adapters/', '^src/main/core/', '^src/shared/', '^node_modules/', '^(node:)?[a-z0-9_/]+$'],
      'An adapter implements ports. It may know core, shared, Node and its vendor.',
    ),
    {
      name: 'adapters-do-not-know-each-other',
      severity: 'error',
      comment:
        'Each adapter can be removed alone. What two of them share is a rule of the port (core), how SQLite is opened (adapters/sqlite), or what a network does to a call (adapters/net).',
      from: { path: '^src/main/adapters/([^/]+)' },
      to: { path: '^src/main/adapters/', pathNot: ['^src/main/adapters/$1', '^src/main/adapters/(sqlite|net)/'] },
    },
    may(
      'api-serves-the-contract',
      '^src/main/(api|supervisor|services)/',
      ['^src/main/(api|supervisor|services)/', '^src/main/core/', '^src/shared/', '^node_modules/', '^(node:)?[a-z0-9_/]+$'],
      'The HTTP face knows the contract and core, never an adapter: what it needs is handed in by host.',
    ),
    may(
      'host-composes',
      '^src/main/host/',
      [
        '^src/main/(host|core|adapters|supervisor|services|api)/',
        '^src/shared/',
        '^resources/',
        '^package\\.json$',
        '^node_modules/',
        '^(node:)?[a-z0-9_/]+$',
      ],
      'Host is the composition root: the only place that names concrete adapters. It does not know its shells.',
    ),
    may(
      'cli-is-a-shell',
      '^src/main/cli/',
      ['^src/main/cli/', '^src/main/host/', '^src/shared/', '^package\\.json$', '^node_modules/', '^(node:)?[a-z0-9_/]+$'],
      'The command line is a shell around the node: it uses host and the contract.',
    ),
    may(
      'shell-is-a-shell',
      '^src/main/(shell/|index\\.ts)',
      ['^src/main/shell/', '^src/main/host/', '^src/shared/', '^node_modules/', '^(node:)?[a-z0-9_/]+$', '^electron$'],
      'The Electron main process is a shell around the node: it uses host and the contract.',
    ),
    {
      name: 'electron-only-in-the-shell',
      severity: 'error',
      comment: 'Everything but the shell and the preload must run where there is no Electron: on edge machines and in tests.',
      from: { path: '^src', pathNot: '^src/(main/shell/|main/index\\.ts|preload/)' },
      to: { path: '(^|/)electron(/|$)' },
    },
    may(
      'preload-has-no-logic',
      '^src/preload/',
      ['^src/preload/', '^src/shared/', '^electron$', '^node_modules/electron/'],
      'The preload exposes the contract through contextBridge, and nothing else.',
    ),
    may(
      'renderer-knows-only-shared',
      '^src/renderer/',
      ['^src/renderer/', '^src/shared/', '^resources/icon', '^node_modules/'],
      'The page talks to the node through the contract. It must run in a browser as well as in Electron.',
    ),
    {
      name: 'no-node-outside-main',
      severity: 'error',
      comment: 'Shared, core, preload and renderer run where Node’s modules do not exist.',
      from: { path: '^src/(shared|renderer|preload|main/core)/' },
      to: { dependencyTypes: ['core'] },
    },
  ],
  options: {
    parser: 'swc',
    tsPreCompilationDeps: true,
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '\\.(css|svg)$' },
    enhancedResolveOptions: {
      extensions: ['.ts', '.tsx', '.js', '.mjs', '.json', '.css', '.d.ts'],
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'types', 'default'],
    },
  },
}
