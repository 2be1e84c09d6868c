/** Bundles a program of the tests as the product is bundled: Node strips types but not JSX, and React must be the production one. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { build } from 'esbuild'
import { bundlePlugins } from '../../scripts/bundle-plugins.ts'

export interface Bundle {
  file: string
  remove(): void
}

/** @param entry path from the root of the project. */
export async function bundle(entry: string): Promise<Bundle> {
  const root = resolve(import.meta.dirname, '../..')
  const folder = mkdtempSync(join(tmpdir(), 'rtstream-bundle-'))
  const file = join(folder, 'program.mjs')
  await build({
    absWorkingDir: root,
    entryPoints: [entry],
    outfile: file,
    bundle: true,
    format: 'esm',
    platform: 'node',
    target: 'node22.19',
    jsx: 'automatic',
    logLevel: 'warning',
    banner: {
      js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);",
    },
    define: { 'process.env.NODE_ENV': '"production"' },
    plugins: [...bundlePlugins],
  })
  return { file, remove: () => rmSync(folder, { recursive: true, force: true }) }
}
