/** What the bundler needs to know of the packages, for the product and for the programs of the tests. */
import { dirname, resolve } from 'node:path'
import type { Plugin } from 'esbuild'

const root = resolve(import.meta.dirname, '..')
const TEXT_WIDTH = resolve(root, 'src/ui/text/text-width.ts')
const ROW_OUTPUT = resolve(root, 'src/ui/ink/row-output.ts')
const INK_OUTPUT = resolve(root, 'node_modules/ink/build/output.js')

/**
 * Packages that are imported only when asked for, which nothing here does: Ink's developer tools (DEV=true), and the
 * reader of listings in Apache Arrow's format, a request option of the storage SDK. Left out, they cost no start.
 */
const NEVER_ASKED_FOR = /^(react-devtools-core|apache-arrow)$/
const leaveOut: Plugin = {
  name: 'leave-out',
  setup(build) {
    build.onResolve({ filter: NEVER_ASKED_FOR }, () => ({ path: 'empty', namespace: 'empty' }))
    build.onLoad({ filter: /.*/, namespace: 'empty' }, () => ({
      contents: 'export default {}; export const tableFromIPC = undefined',
    }))
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

export const bundlePlugins: readonly Plugin[] = [leaveOut, fastTextWidth, wholeRows]
