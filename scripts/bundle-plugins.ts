/** What the bundler needs to know of the packages, for the product and for the programs of the tests. */
import { readFileSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import type { Plugin } from 'esbuild'

const root = resolve(import.meta.dirname, '..')
const TEXT_WIDTH = resolve(root, 'src/ui/text/text-width.ts')
const ROW_OUTPUT = resolve(root, 'src/ui/ink/row-output.ts')
const INK_OUTPUT = resolve(root, 'node_modules/ink/build/output.js')
const LATE_SEGMENTER = resolve(root, 'src/ui/text/late-segmenter.ts')
const YOGA = /yoga-wasm-base64-esm\.js$/
const REAL = Symbol('the package itself')

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

/**
 * Ink measures text with ours, which asks string-width only where it must. That one makes sets of all scripts and emoji when it
 * is loaded, which takes as long as the first frame itself: it is loaded when it is first asked.
 */
const fastTextWidth: Plugin = {
  name: 'fast-text-width',
  setup(build) {
    build.onResolve({ filter: /^string-width$/ }, ({ importer, pluginData }) => {
      if (pluginData === REAL) return undefined
      return importer === TEXT_WIDTH ? { path: 'string-width', namespace: 'late' } : { path: TEXT_WIDTH }
    })
    build.onResolve({ filter: /^real-string-width$/ }, () =>
      build.resolve('string-width', { kind: 'import-statement', resolveDir: root, pluginData: REAL }),
    )
    build.onLoad({ filter: /.*/, namespace: 'late' }, () => ({
      contents: `let width
export default (...given) => (width ??= require('real-string-width').default)(...given)`,
      resolveDir: root,
    }))
  },
}

/**
 * Yoga's WebAssembly stands in its file as text. Its loader would have it decoded by `fetch` where there is one, which in Node
 * loads a whole HTTP client first; without `fetch` it decodes the text itself.
 */
const yogaWithoutFetch: Plugin = {
  name: 'yoga-without-fetch',
  setup(build) {
    build.onLoad({ filter: YOGA }, ({ path }) => ({
      contents: `const fetch = undefined;${readFileSync(path, 'utf8')}`,
    }))
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

/**
 * Azure's clients ask of each request whether its body is a form. Asking Node for `FormData` loads all of its fetch, which is
 * some 10 MB that stay. Nothing here sends a form: to them there is none.
 */
const withoutForms: Plugin = {
  name: 'without-forms',
  setup({ initialOptions }) {
    initialOptions.define = { ...initialOptions.define, FormData: 'undefined' }
  },
}

/** Who makes a segmenter while it is loaded gets one that is made when it is first asked. */
const lateSegmenter: Plugin = {
  name: 'late-segmenter',
  setup({ initialOptions }) {
    initialOptions.inject = [...(initialOptions.inject ?? []), LATE_SEGMENTER]
    initialOptions.define = { ...initialOptions.define, 'Intl.Segmenter': 'LateSegmenter' }
  },
}

/** Each takes the place of something in a package that costs start or paint. */
export const bundlePlugins: readonly Plugin[] = [
  ...[leaveOut, fastTextWidth, wholeRows],
  ...[yogaWithoutFetch, lateSegmenter, httpAsWhole, withoutForms],
]
