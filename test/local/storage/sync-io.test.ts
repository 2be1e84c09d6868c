/** Small files in one turn: what is read, what is left to others, and that nothing there can hold up the event loop. */
import { execFileSync } from 'node:child_process'
import {
  closeSync,
  constants,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import {
  flushFile,
  readSmallFile,
  readSmallRange,
  SMALL_FILE,
  writeNewFile,
} from '../../../src/local/storage/sync-io.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'rtstream-small-file-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const at = (name: string) => join(folder, name)

describe('reading', () => {
  it('gives content and state of a small file, empty ones too', () => {
    writeFileSync(at('text'), 'wärmer')
    writeFileSync(at('empty'), '')
    expect(readSmallFile(at('text'))).toMatchObject({ stats: { size: 7 }, bytes: Buffer.from('wärmer') })
    expect(readSmallFile(at('empty'))?.bytes).toHaveLength(0)
  })

  it('leaves to others what is larger, or no file', () => {
    writeFileSync(at('just'), Buffer.alloc(SMALL_FILE, 1))
    writeFileSync(at('larger'), Buffer.alloc(SMALL_FILE + 1, 1))
    mkdirSync(at('folder'))
    expect(readSmallFile(at('just'))?.bytes).toEqual(Buffer.alloc(SMALL_FILE, 1))
    expect(readSmallFile(at('larger'))).toBeUndefined()
    expect(readSmallFile(at('folder'))).toBeUndefined()
  })

  it.skipIf(process.platform === 'win32')('does not wait for the other end of a pipe', () => {
    execFileSync('mkfifo', [at('pipe')])
    expect(readSmallFile(at('pipe'))).toBeUndefined()
  })

  it('says what the system says of a file that is not there, or that must not be followed', () => {
    writeFileSync(at('text'), 'text')
    symlinkSync(at('text'), at('link'))
    expect(() => readSmallFile(at('none'))).toThrow(expect.objectContaining({ code: 'ENOENT' }))
    expect(() => readSmallFile(at('link'), constants.O_NOFOLLOW)).toThrow(
      expect.objectContaining({ code: 'ELOOP' }),
    )
    expect(readSmallFile(at('link'))?.bytes.toString()).toBe('text')
  })

  it('reads a part, up to where the file ends', () => {
    writeFileSync(at('text'), '0123456789')
    const file = openSync(at('text'), 'r')
    try {
      expect(readSmallRange(file, 3, 6).toString()).toBe('345')
      expect(readSmallRange(file, 8, 20).toString()).toBe('89')
      expect(readSmallRange(file, 6, 3)).toHaveLength(0)
    } finally {
      closeSync(file)
    }
  })
})

describe('writing', () => {
  it.each([{ flush: true }, { flush: false }])('writes a whole new file (%o)', async (options) => {
    await writeNewFile(at('new'), 'ü'.repeat(100_000), options)
    expect(readFileSync(at('new'), 'utf8')).toBe('ü'.repeat(100_000))
    await flushFile(at('new'))
  })

  it('never writes over what stands there', async () => {
    writeFileSync(at('old'), 'old')
    await expect(writeNewFile(at('old'), 'new', { flush: true })).rejects.toMatchObject({ code: 'EEXIST' })
    expect(readFileSync(at('old'), 'utf8')).toBe('old')
  })
})
