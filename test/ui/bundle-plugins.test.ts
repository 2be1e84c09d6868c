import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { build, type Metafile } from 'esbuild'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { bundlePlugins } from '../../scripts/bundle-plugins.ts'

const folder = mkdtempSync(join(tmpdir(), 'rtstream-bundle-'))
const file = join(folder, 'screen.mjs')
const root = join(import.meta.dirname, '../..')

let asking: (what: string) => string[]
beforeAll(async () => {
  const { metafile } = await build({
    absWorkingDir: root,
    stdin: {
      contents: `export { render } from 'ink'
export { default as textWidth } from './src/ui/text/text-width.ts'
export { formatCount } from './src/ui/text/format.ts'
export * from './src/ui/app/main.tsx'`,
      resolveDir: root,
    },
    bundle: true,
    format: 'esm',
    platform: 'node',
    define: { 'process.env.NODE_ENV': '"production"' },
    banner: {
      js: "import { createRequire as __createRequire } from 'node:module'; const require = __createRequire(import.meta.url);",
    },
    outfile: file,
    metafile: true,
    plugins: [...bundlePlugins],
  })
  asking = askingIn(metafile)
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const askingIn = (metafile: Metafile) => (what: string) =>
  Object.entries(metafile.inputs)
    .filter(([, { imports }]) => imports.some(({ path }) => path.endsWith(what)))
    .map(([name]) => name)

it('Ink measures text with ours in the bundle, and ours asks the real one', () => {
  expect(asking('src/ui/text/text-width.ts')).toContain('node_modules/ink/build/output.js')
  expect(asking('node_modules/string-width/index.js')).toEqual(['late:string-width'])
  expect(asking('late:string-width')).toEqual(['src/ui/text/text-width.ts'])
})

it('Ink takes rows that are whole as they stand in the bundle, and anything else its own way', () => {
  expect(asking('src/ui/ink/row-output.ts')).toEqual(['node_modules/ink/build/renderer.js'])
  expect(asking('node_modules/ink/build/output.js')).toEqual(['src/ui/ink/row-output.ts'])
})

it('the screen is loaded without an HTTP client and without the tables of all scripts, which come when they are asked for', () => {
  const program = `
    const used = []
    globalThis.fetch = () => { used.push('fetch'); return Promise.reject(new Error('not here')) }
    for (const name of ['Segmenter', 'NumberFormat', 'DateTimeFormat', 'Collator']) {
      const Real = Intl[name]
      Intl[name] = function (...given) { used.push(name); return new Real(...given) }
    }
    const { textWidth, formatCount } = await import(${JSON.stringify(file)})
    const told = { atLoad: [...used], widths: [textWidth('plain ─ ●'), textWidth('天気'), textWidth('👩‍👩‍👧')], count: formatCount(1234) }
    console.log(JSON.stringify({ ...told, later: used }))`
  const told = JSON.parse(
    execFileSync(process.execPath, ['--input-type=module', '-e', program], { encoding: 'utf8' }),
  )
  expect(told).toEqual({
    atLoad: [],
    widths: [9, 4, 2],
    count: '1,234',
    // A number takes nothing of ICU's.
    later: ['Segmenter'],
  })
})

it('clients of Azure, the SDKs’ and ours, ask for nothing that loads Node’s own fetch', async () => {
  const client = join(folder, 'client.mjs')
  await build({
    absWorkingDir: root,
    stdin: {
      contents: `export { createDefaultHttpClient, createEmptyPipeline, createPipelineRequest, formDataPolicy } from '@azure/core-rest-pipeline'
export { createRestClient } from './src/azure/http/rest-client.ts'`,
      resolveDir: root,
    },
    bundle: true,
    format: 'esm',
    platform: 'node',
    banner: {
      js: "import { createRequire as __createRequire } from 'node:module'; const require = __createRequire(import.meta.url);",
    },
    outfile: client,
    plugins: [...bundlePlugins],
  })
  const program = `
    const azure = await import(${JSON.stringify(client)})
    const server = process.getBuiltinModule('node:http').createServer((_, response) => response.end('{"told":1}'))
    server.listen(0, '127.0.0.1', async () => {
      const url = 'http://127.0.0.1:' + server.address().port
      const pipeline = azure.createEmptyPipeline()
      pipeline.addPolicy(azure.formDataPolicy())
      const request = azure.createPipelineRequest({ url, allowInsecureConnection: true })
      const { bodyAsText } = await pipeline.sendRequest(azure.createDefaultHttpClient(), request)
      const credential = { getToken: async () => ({ token: 't', expiresOnTimestamp: 0 }) }
      const { body } = await azure.createRestClient({ service: 's', endpoint: url, credential, scope: 'x' }).request('GET', '/x')
      server.close()
      server.closeAllConnections()
      const loaded = process.moduleLoadList.filter((name) => name.includes('undici'))
      console.log(JSON.stringify({ bodyAsText, body, loaded }))
    })`
  const told = execFileSync(process.execPath, ['--input-type=module', '-e', program], { encoding: 'utf8' })
  expect(JSON.parse(told)).toEqual({ bodyAsText: '{"told":1}', body: { told: 1 }, loaded: [] })
})
