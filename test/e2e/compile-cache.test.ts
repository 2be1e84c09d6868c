import { existsSync, mkdirSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { cli, startCli, temporaryFolder } from '../support/cli.ts'

let folder: ReturnType<typeof temporaryFolder>
beforeEach(() => {
  folder = temporaryFolder()
})
afterEach(() => folder.remove())

/** Every platform's way to say where a user's files are; no test may find a cache that another made. */
const at = (home: string) => ({
  HOME: home,
  USERPROFILE: home,
  LOCALAPPDATA: '',
  XDG_CACHE_HOME: '',
  NODE_COMPILE_CACHE: '',
})
const version = (home: string, env: Record<string, string> = {}) =>
  cli(['--version'], { env: { ...at(home), ...env }, cwd: folder.path })

describe('compiled code', () => {
  it('is kept for the next start in the folder of the user, and read by it', async () => {
    mkdirSync(join(folder.path, 'AppData/Local'), { recursive: true })
    mkdirSync(join(folder.path, 'Library'))
    expect(await version(folder.path)).toMatchObject({ code: 0, stderr: '' })
    const kept = ['.cache', 'Library/Caches', 'AppData/Local']
      .map((caches) => join(folder.path, caches, 'rtstream-tui'))
      .find((path) => existsSync(path)) as string
    expect(readdirSync(kept)).not.toEqual([])
    // Node tells what it does with what is kept.
    const again = await version(folder.path, { NODE_DEBUG_NATIVE: 'COMPILE_CACHE' })
    expect([...again.lines, again.stderr].join('\n')).toMatch(/dist\/cli\.js was accepted/)
  })

  it('is kept of the worker of the local services too', async () => {
    const env = { ...at(folder.path), XDG_CACHE_HOME: join(folder.path, 'caches') }
    mkdirSync(env.XDG_CACHE_HOME)
    const serve = async (debug: string) => {
      const running = startCli(['serve', '--json', '--ephemeral'], {
        env: { ...env, NODE_DEBUG_NATIVE: debug },
        cwd: folder.path,
      })
      await running.line((line) => line.startsWith('{'))
      running.child.kill('SIGTERM')
      expect(await running.exit).toBe(0)
      return [...running.lines, running.stderr()].join('\n')
    }
    await serve('')
    expect(await serve('COMPILE_CACHE')).toMatch(/dist\/worker\.js was accepted/)
    // V8's flags are a part of the folder's name: they must not change while the worker loads.
    expect(readdirSync(join(env.XDG_CACHE_HOME, 'rtstream-tui'))).toHaveLength(1)
  }, 60_000)

  // Node's own making of a folder in /proc does not return.
  it.each(['', '/proc/nobody', '/nowhere/nobody', '/dev/null'])(
    'is not kept where HOME is "%s"',
    async (home) => {
      expect(await version(home)).toMatchObject({ code: 0, stderr: '' })
      expect(readdirSync(folder.path)).toEqual([])
    },
  )
})
