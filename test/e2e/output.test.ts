/** The program when nobody reads what it prints, and when somebody insists that it ends. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { BIN, cli, startCli, temporaryFolder } from '../support/cli.ts'

const folder = temporaryFolder()
afterAll(() => folder.remove())

/** Data folders of `--ephemeral` that are there still. */
const leftovers = () => readdirSync(folder.path).filter((name) => name.startsWith('rtstream-'))
const EPHEMERAL = { env: { TMPDIR: folder.path } }

it('a reader who has had enough ends a run in order', async () => {
  const running = startCli(['run', '--duration', '300s', '--json', '--ephemeral'], EPHEMERAL)
  await running.line((line) => line.includes('"progress"'))
  expect(leftovers()).toHaveLength(1)
  running.child.stdout?.destroy()
  const code = await running.exit
  expect({ code, stderr: running.stderr() }).toEqual({ code: 0, stderr: '' })
  expect(leftovers()).toEqual([])
}, 150_000)

it.each([[['config']], [['--help']]])('%j into a closed pipe is no error', async (args) => {
  const child = spawn(process.execPath, [BIN, ...args], { stdio: ['ignore', 'pipe', 'pipe'] })
  child.stdout.destroy()
  let stderr = ''
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
    stderr += chunk
  })
  expect(await once(child, 'close')).toEqual([0, null])
  expect(stderr).toBe('')
})

it('a full disk behind stdout is told in one line, once the run has ended in order', async (context) => {
  if (!existsSync('/dev/full')) return context.skip('needs /dev/full')
  const shell = ['-c', `"$0" "$@" >/dev/full`, process.execPath, BIN]
  const child = spawn('sh', [...shell, 'run', '--duration', '300s', '--ephemeral'], {
    env: { ...process.env, ...EPHEMERAL.env },
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  let stderr = ''
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
    stderr += chunk
  })
  expect(await once(child, 'close')).toEqual([1, null])
  expect(stderr).toMatch(/^The output cannot be written: ENOSPC.*\n$/)
  expect(leftovers()).toEqual([])
}, 150_000)

it('SIGTERM removes an ephemeral folder, and so does a second one that does not wait for the end', async () => {
  for (const signals of [1, 2]) {
    const running = startCli(['run', '--duration', '300s', '--json', '--ephemeral'], EPHEMERAL)
    await running.line((line) => JSON.parse(line).ledger?.bronze > 0)
    running.child.kill('SIGTERM')
    if (signals === 2) {
      // The first one has been seen: the generator has stopped.
      await running.line((line) => JSON.parse(line).stages?.generator !== 'running')
      running.child.kill('SIGTERM')
    }
    expect(await running.exit).toBe(signals === 2 ? 130 : 0)
    expect(leftovers()).toEqual([])
  }
}, 150_000)

it('a temporary folder that cannot be made is named, with what to do', async () => {
  const nowhere = join(folder.path, 'nowhere')
  const { code, stderr } = await cli(['run', '--duration', '1s', '--ephemeral'], { env: { TMPDIR: nowhere } })
  expect(code).toBe(1)
  expect(stderr).toMatch(/^No temporary data folder can be made in .*nowhere \(ENOENT\)\.\nSet TMPDIR.*\n$/)
})
