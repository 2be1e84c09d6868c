import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { build, type Plugin } from 'esbuild'
import { afterAll, describe, expect, it } from 'vitest'
import { httpAsWhole } from '../../scripts/bundle-plugins.ts'

const folder = mkdtempSync(join(tmpdir(), 'rtstream-bundle-'))
afterAll(() => rmSync(folder, { recursive: true }))

const PROGRAM = `
import * as whole from 'node:http'
import http, { createServer, STATUS_CODES } from 'node:http'
const loaded = process.moduleLoadList.some((name) => name.includes('undici'))
console.log(JSON.stringify([loaded, typeof createServer, STATUS_CODES[404], http.createServer === whole.createServer]))
`

/** What the bundled program says. */
async function said(name: string, plugins: Plugin[]): Promise<unknown> {
  const outfile = join(folder, `${name}.mjs`)
  const stdin = { contents: PROGRAM, resolveDir: folder }
  await build({ stdin, bundle: true, format: 'esm', platform: 'node', outfile, plugins, logLevel: 'silent' })
  return JSON.parse(execFileSync(process.execPath, [outfile], { encoding: 'utf8' }))
}

describe('a bundle that has an HTTP server', () => {
  it("does not load Node's own fetch for it", async () => {
    const server = ['function', 'Not Found', true]
    expect(await said('plain', [])).toEqual([true, ...server])
    expect(await said('whole', [httpAsWhole])).toEqual([false, ...server])
  })
})
