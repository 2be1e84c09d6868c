import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import {
  DataFolderInUseError,
  DataFolderUnusableError,
  lockDataFolder,
} from '../../../src/local/storage/data-folder-lock.ts'

let folder: string
let holder: ChildProcess | undefined
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'rtstream-lock-'))
})
afterEach(() => {
  holder?.kill('SIGKILL')
  holder = undefined
  rmSync(folder, { recursive: true, force: true })
})

describe('the lock of a data folder', () => {
  it('lets one instance in, and the next when it is released', () => {
    const lock = lockDataFolder(folder)
    expect(() => lockDataFolder(folder)).toThrow(DataFolderInUseError)
    lock.release()
    lock.release()
    expect(existsSync(join(folder, 'lock.json'))).toBe(false)
    lockDataFolder(folder).release()
  })

  it('names the process that holds it, and is free once that one is killed', async () => {
    const script = fileURLToPath(new URL('./hold-folder.ts', import.meta.url))
    const held = spawn(process.execPath, ['--no-warnings', '--expose-gc', script, folder], {
      stdio: ['pipe', 'pipe', 'inherit'],
    })
    holder = held
    await once(held.stdout, 'data')
    const refused = (() => {
      try {
        return lockDataFolder(folder)
      } catch (error) {
        return error
      }
    })()
    expect(refused).toBeInstanceOf(DataFolderInUseError)
    expect(refused).toMatchObject({ pid: held.pid, hint: expect.stringContaining('--data-dir') })
    expect((refused as Error).message).toContain(`already runs on ${folder} (process ${held.pid}, started 2`)
    held.kill('SIGKILL')
    await once(held, 'exit')
    lockDataFolder(folder).release()
  })

  it.each(['', '[]', 'x'.repeat(5000)])('does not mind what a damaged file holds', (text) => {
    writeFileSync(join(folder, 'lock.db'), text)
    const lock = lockDataFolder(folder)
    expect(() => lockDataFolder(folder)).toThrow(DataFolderInUseError)
    lock.release()
  })

  it('says that the folder cannot be used', () => {
    rmSync(folder, { recursive: true })
    expect(() => lockDataFolder(folder)).toThrow(DataFolderUnusableError)
    expect(() => lockDataFolder(folder)).toThrow(`The data folder ${folder} cannot be written`)
  })
})
