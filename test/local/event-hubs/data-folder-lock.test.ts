import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import {
  DataFolderInUseError,
  DataFolderUnusableError,
  lockDataFolder,
} from '../../../src/local/data-folder-lock.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'rtstream-lock-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

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
    const holder = spawn(process.execPath, ['--no-warnings', script, folder], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    await once(holder.stdout, 'data')
    const refused = (() => {
      try {
        return lockDataFolder(folder)
      } catch (error) {
        return error
      }
    })()
    expect(refused).toBeInstanceOf(DataFolderInUseError)
    expect(refused).toMatchObject({ pid: holder.pid, hint: expect.stringContaining('--data-dir') })
    expect((refused as Error).message).toContain(
      `already runs on ${folder} (process ${holder.pid}, started 2`,
    )
    holder.kill('SIGKILL')
    await once(holder, 'exit')
    lockDataFolder(folder).release()
  })

  it('says that the folder cannot be used', () => {
    rmSync(folder, { recursive: true })
    expect(() => lockDataFolder(folder)).toThrow(DataFolderUnusableError)
    expect(() => lockDataFolder(folder)).toThrow(`The data folder ${folder} cannot be written`)
  })
})
