import { build } from 'esbuild'
import { expect, it } from 'vitest'
import { inkPlugins } from '../../scripts/bundle-plugins.ts'

it('Ink measures text with ours in the bundle, and ours asks the real one', async () => {
  const { metafile } = await build({
    stdin: { contents: "export { render } from 'ink'", resolveDir: import.meta.dirname },
    bundle: true,
    format: 'esm',
    platform: 'node',
    write: false,
    metafile: true,
    plugins: [...inkPlugins],
  })
  const asking = (what: string) =>
    Object.entries(metafile.inputs)
      .filter(([, { imports }]) => imports.some(({ path }) => path.endsWith(what)))
      .map(([file]) => file)
  expect(asking('src/ui/text-width.ts')).toContain('node_modules/ink/build/output.js')
  expect(asking('node_modules/string-width/index.js')).toEqual(['src/ui/text-width.ts'])
})
