/** Runs the Go program of docs/clients.md as it stands against the built program. By hand: it needs Go and its module proxy. */
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'

const root = resolve(import.meta.dirname, '../..')
const MODULES = [
  'github.com/Azure/azure-sdk-for-go/sdk/messaging/azeventhubs/v2@v2.0.2',
  'github.com/Azure/azure-sdk-for-go/sdk/storage/azblob@v1.6.3',
]

const program = /```go\n([\s\S]*?)```/.exec(readFileSync(join(root, 'docs/clients.md'), 'utf8'))?.[1]
if (program === undefined) throw new Error('docs/clients.md has no Go program')
const folder = mkdtempSync(join(tmpdir(), 'rtstream-go-'))
const served = spawn(process.execPath, [join(root, 'dist/bin.cjs'), 'serve', '--json', '--ephemeral'], {
  stdio: ['ignore', 'pipe', 'inherit'],
})
try {
  let endpoints = ''
  served.stdout.setEncoding('utf8').on('data', (text: string) => {
    endpoints += text
  })
  while (!endpoints.endsWith('\n')) await once(served.stdout, 'data')
  writeFileSync(join(folder, 'endpoints.json'), endpoints)
  writeFileSync(join(folder, 'main.go'), program)
  const go = (...args: string[]) => execFileSync('go', args, { cwd: folder, encoding: 'utf8' })
  go('mod', 'init', 'five')
  go('get', ...MODULES)
  go('mod', 'tidy')
  const said = go('run', '.')
  console.log(said)
  if (!/^3: .*Bern.*\n1 events\nmine\/note\.txt 5 bytes, from go\n$/.test(said)) process.exitCode = 1
} finally {
  served.kill('SIGTERM')
  await once(served, 'exit')
  rmSync(folder, { recursive: true, force: true })
}
