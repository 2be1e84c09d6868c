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

/**
 * `import` asks node:http for everything that it exports, its WebSocket too, and that loads all of Node's own fetch: a tenth of
 * the time until the local services are ready. Asked for as a whole, it gives only what is used.
 */
export const httpAsWhole: Plugin = {
  name: 'http-as-whole',
  setup(build) {
    build.onResolve({ filter: /^(node:)?http$/ }, () => ({ path: 'http', namespace: 'whole' }))
    build.onLoad({ filter: /.*/, namespace: 'whole' }, () => ({
      contents: "module.exports = process.getBuiltinModule('node:http')",
    }))
  },
}

export const bundlePlugins: readonly Plugin[] = [leaveOut, fastTextWidth, wholeRows, httpAsWhole]
