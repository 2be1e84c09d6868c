/** Bundles the application, in parts, and its worker into `dist/`. */
import { copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { type BuildOptions, build, type Metafile } from 'esbuild'
import { bundlePlugins } from './bundle-plugins.ts'
import { thirdPartyNotices } from './third-party-notices.ts'

const root = fileURLToPath(new URL('..', import.meta.url))
const { version } = JSON.parse(readFileSync(`${root}package.json`, 'utf8')) as { version: string }

/** CommonJS dependencies inside an ES module need a `require` of their own. */
const banner =
  "import { createRequire as __createRequire } from 'node:module'; const require = __createRequire(import.meta.url);"

const common: BuildOptions = {
  absWorkingDir: root,
  bundle: true,
  format: 'esm',
  platform: 'node',
  target: 'node22.19',
  minify: true,
  keepNames: true,
  legalComments: 'none',
  sourcemap: false,
  metafile: true,
  logLevel: 'warning',
  // Native, so they cannot be bundled: the package's runtime dependencies.
  external: ['@duckdb/*', 'ffi-rs'],
  banner: { js: banner },
  define: {
    // React and Ink choose their builds by this; it must be fixed before either is loaded.
    'process.env.NODE_ENV': '"production"',
    __VERSION__: JSON.stringify(version),
  },
  plugins: [...bundlePlugins],
}

rmSync(`${root}dist`, { recursive: true, force: true })
mkdirSync(`${root}dist`, { recursive: true })
const outputs = await Promise.all([
  // In parts: what a command asks for later need not be read before the first frame. All lie in one folder, as the worker does.
  build({
    ...common,
    entryPoints: { cli: 'src/cli.ts', 'early-worker': 'src/local/hosting/early-worker.ts' },
    outdir: 'dist',
    splitting: true,
    chunkNames: 'part-[name]-[hash]',
  }),
  // In parts too: who has a certificate does without the library that makes one.
  build({
    ...common,
    entryPoints: {
      worker: 'src/local/hosting/worker.ts',
      'duckdb-process': 'src/local/engine/duckdb/child.ts',
    },
    outdir: 'dist',
    splitting: true,
    chunkNames: 'worker-[name]-[hash]',
  }),
  build({ ...common, entryPoints: ['src/report/charts.ts'], outfile: 'dist/charts.js' }),
  build({ ...common, entryPoints: ['src/audience/worker.ts'], outfile: 'dist/audience-worker.js' }),
  // The page of the phones: no module of Node's, no banner.
  build({
    absWorkingDir: root,
    entryPoints: ['src/audience/page/app.ts'],
    outfile: 'dist/audience/app.js',
    bundle: true,
    minify: true,
    target: 'es2020',
    metafile: true,
  }),
])
for (const file of ['index.html', 'style.css'])
  copyFileSync(`${root}src/audience/page/${file}`, `${root}dist/audience/${file}`)
copyFileSync(`${root}src/bin.cjs`, `${root}dist/bin.cjs`)
const metafiles = outputs.map((output) => output.metafile as Metafile)
writeFileSync(`${root}dist/THIRD-PARTY-NOTICES.txt`, thirdPartyNotices(root, metafiles))
if (!process.argv.includes('--quiet'))
  for (const metafile of metafiles)
    for (const [file, output] of Object.entries(metafile.outputs))
      console.log(`${file}  ${(output.bytes / 1024).toFixed(0)} KB`)
