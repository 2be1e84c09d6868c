import { build } from 'esbuild'
import { beforeAll, expect, it } from 'vitest'
import { bundlePlugins } from '../../scripts/bundle-plugins.ts'

let asking: (what: string) => string[]
beforeAll(async () => {
  const { metafile } = await build({
    stdin: { contents: "export { render } from 'ink'", resolveDir: import.meta.dirname },
    bundle: true,
    format: 'esm',
    platform: 'node',
    write: false,
    metafile: true,
    plugins: [...bundlePlugins],
  })
  asking = (what) =>
    Object.entries(metafile.inputs)
      .filter(([, { imports }]) => imports.some(({ path }) => path.endsWith(what)))
      .map(([file]) => file)
})

it('Ink measures text with ours in the bundle, and ours asks the real one', () => {
  expect(asking('src/ui/text/text-width.ts')).toContain('node_modules/ink/build/output.js')
  expect(asking('node_modules/string-width/index.js')).toEqual(['src/ui/text/text-width.ts'])
})

it('Ink takes rows that are whole as they stand in the bundle, and anything else its own way', () => {
  expect(asking('src/ui/ink/row-output.ts')).toEqual(['node_modules/ink/build/renderer.js'])
  expect(asking('node_modules/ink/build/output.js')).toEqual(['src/ui/ink/row-output.ts'])
})
