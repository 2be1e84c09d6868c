/** What the bundler needs to know of Ink, for the product and for the programs of the tests. */
import { dirname, resolve } from 'node:path'
import type { Plugin } from 'esbuild'

const root = resolve(import.meta.dirname, '..')
const TEXT_WIDTH = resolve(root, 'src/ui/text-width.ts')
const ROW_OUTPUT = resolve(root, 'src/ui/row-output.ts')
const INK_OUTPUT = resolve(root, 'node_modules/ink/build/output.js')

/** Ink imports the tools only when DEV=true; without the package the bundle must still resolve it. */
const noReactDevtools: Plugin = {
  name: 'no-react-devtools',
  setup(build) {
    build.onResolve({ filter: /^react-devtools-core$/ }, () => ({ path: 'empty', namespace: 'empty' }))
    build.onLoad({ filter: /.*/, namespace: 'empty' }, () => ({ contents: 'export default {}' }))
  },
}

/** Ink measures text with ours, which asks string-width only where it must. */
const fastTextWidth: Plugin = {
  name: 'fast-text-width',
  setup(build) {
    build.onResolve({ filter: /^string-width$/ }, ({ importer }) =>
      importer === TEXT_WIDTH ? undefined : { path: TEXT_WIDTH },
    )
  },
}

/** Ink takes rows that are whole as they stand; ours is made from Ink's own, which it may still ask. */
const wholeRows: Plugin = {
  name: 'whole-rows',
  setup(build) {
    build.onResolve({ filter: /^\.\/output\.js$/ }, ({ resolveDir }) =>
      resolveDir === dirname(INK_OUTPUT) ? { path: ROW_OUTPUT } : undefined,
    )
    build.onResolve({ filter: /^ink-output$/ }, () => ({ path: INK_OUTPUT }))
  },
}

export const inkPlugins: readonly Plugin[] = [noReactDevtools, fastTextWidth, wholeRows]
