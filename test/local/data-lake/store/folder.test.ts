import { execFileSync } from 'node:child_process'
import fs, {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { etagOf } from '../../../../src/local/data-lake/store/entry.ts'
import { LakeFolder } from '../../../../src/local/data-lake/store/folder.ts'
import {
  AlreadyExistsError,
  diskError,
  InvalidNameError,
  LakeFullError,
} from '../../../../src/local/data-lake/store/storage-errors.ts'
import { temporaryFolder } from '../../../support/cli.ts'

let folder: ReturnType<typeof temporaryFolder>
let now = 0
const open = (limitBytes = 1_000_000) =>
  new LakeFolder(folder.path, { limitBytes, clock: { now: () => now } })

beforeEach(() => {
  folder = temporaryFolder()
  now = 0
})
afterEach(() => folder.remove())

describe('names', () => {
  it.each([
    ['..', 'weather/../../etc/passwd'],
    ['a leading ..', '../silver/x'],
    ['.', 'weather/./x'],
    ['absolute', '/etc/passwd'],
    ['empty segment', 'weather//x'],
    ['NUL', 'weather/x\0.json'],
    ['backslash', '..\\..\\x'],
    ['long segment', 'é'.repeat(128)],
    ['long path', 'a/'.repeat(600)],
    ['deep path', 'a/'.repeat(70)],
  ])('refuses a path with %s', async (_, path) => {
    const lake = open()
    expect(() => lake.resolve('bronze', path)).toThrow(InvalidNameError)
    await expect(lake.place('bronze', path, 'x')).rejects.toThrow(InvalidNameError)
    expect(() => lake.adopt('nothing', 'bronze', path, { overwrite: true })).toThrow(InvalidNameError)
  })

  it.each(['..', '.unfinished', '', 'Bronze', 'a', 'a--b', '-ab', 'a/b', 'a\0b', 'x'.repeat(64)])(
    'refuses the container %j',
    (container) => {
      expect(() => open().resolve(container, 'x')).toThrow(InvalidNameError)
    },
  )

  it('refuses what lies behind a symbolic link, wherever it stands in the path', async () => {
    const lake = open()
    await lake.place('bronze', 'weather/real.json', 'x')
    symlinkSync('/etc', join(folder.path, 'bronze/weather/link'))
    symlinkSync('/etc/passwd', join(folder.path, 'bronze/weather/file'))
    expect(() => lake.resolve('bronze', 'weather/link/passwd')).toThrow(/symbolic link/)
    expect(() => lake.resolve('bronze', 'weather/file')).toThrow(/symbolic link/)
    await expect(lake.place('bronze', 'weather/link/new', 'x')).rejects.toThrow(/symbolic link/)
  })

  it('looks at the folders of a path once for what is asked in one turn, and at its end each time', async () => {
    const lake = open()
    await lake.place('bronze', 'weather/2026/11/29/real.json', 'x')
    const time = vi.spyOn(performance, 'now').mockReturnValue(performance.now() + 60_000)
    const looked = vi.spyOn(fs, 'lstatSync')
    syncBuiltinESMExports()
    try {
      for (let times = 0; times < 4; times++) lake.resolve('bronze', 'weather/2026/11/29/real.json')
      // The container and four folders, and the file four times.
      expect(looked).toHaveBeenCalledTimes(5 + 4)
      renameSync(join(folder.path, 'bronze/weather/2026/11/29/real.json'), join(folder.path, 'real.json'))
      symlinkSync('/etc/passwd', join(folder.path, 'bronze/weather/2026/11/29/real.json'))
      expect(() => lake.resolve('bronze', 'weather/2026/11/29/real.json')).toThrow(/symbolic link/)
    } finally {
      looked.mockRestore()
      time.mockRestore()
      syncBuiltinESMExports()
    }
  })

  it('refuses what is neither a file nor a folder: whoever opened a pipe would wait for ever', () => {
    const lake = open()
    mkdirSync(join(folder.path, 'bronze'), { recursive: true })
    execFileSync('mkfifo', [join(folder.path, 'bronze/pipe')])
    expect(() => lake.resolve('bronze', 'pipe')).toThrow(/neither a file nor a folder/)
  })

  it('takes what is odd and harmless', () => {
    const lake = open()
    for (const path of ['weather/été 50%/..x', 'date=2026-11-24 00%3A00/x', '日本/🌧.json', 'weather/'])
      expect(lake.resolve('bronze', path).startsWith(join(folder.path, 'bronze'))).toBe(true)
    expect(lake.resolve('bronze', '')).toBe(join(folder.path, 'bronze'))
  })
})

describe('placing', () => {
  it('makes the file appear whole, in folders made as needed, and tells the listeners', async () => {
    const lake = open()
    const told: string[] = []
    const stop = lake.onPlaced((container, path) => told.push(`${container}/${path}`))
    await lake.place('bronze', 'weather/2026/11/24/02/07/a.json', '{"a":1}\n')
    await lake.place('silver', 'weather/_delta_log/00000000000000000000.json', Buffer.from('{}'))
    stop()
    await lake.place('bronze', 'weather/b.json', 'x')
    expect(readFileSync(join(folder.path, 'bronze/weather/2026/11/24/02/07/a.json'), 'utf8')).toBe(
      '{"a":1}\n',
    )
    expect(told).toEqual([
      'bronze/weather/2026/11/24/02/07/a.json',
      'silver/weather/_delta_log/00000000000000000000.json',
    ])
  })

  it('never replaces: of fifty at the same time exactly one wins, and no rest is left', async () => {
    const lake = open()
    const all = await Promise.allSettled(
      Array.from({ length: 50 }, (_, index) => lake.place('silver', 't/_delta_log/0.json', `${index}`)),
    )
    const winners = all.flatMap((one, index) => (one.status === 'fulfilled' ? [index] : []))
    expect(winners).toHaveLength(1)
    expect(readFileSync(join(folder.path, 'silver/t/_delta_log/0.json'), 'utf8')).toBe(`${winners[0]}`)
    for (const one of all)
      if (one.status === 'rejected') expect(one.reason).toBeInstanceOf(AlreadyExistsError)
    expect(readdirSync(join(folder.path, '.unfinished'))).toEqual([])
    expect(lake.usage().files).toBe(1)
  })

  it('refuses a file where a folder stands, and a folder where a file stands', async () => {
    const lake = open()
    await lake.place('bronze', 'a/b', 'x')
    await expect(lake.place('bronze', 'a', 'x')).rejects.toThrow(AlreadyExistsError)
    await expect(lake.place('bronze', 'a/b/c', 'x')).rejects.toThrow(AlreadyExistsError)
  })

  it('removes what a killed process left unfinished', () => {
    open()
    writeFileSync(join(folder.path, '.unfinished/rest'), 'half')
    open()
    expect(existsSync(join(folder.path, '.unfinished/rest'))).toBe(false)
  })
})

describe('replacing and moving', () => {
  const etag = (path: string) => etagOf(lstatSync(join(folder.path, 'bronze', path)))
  const replace = (lake: LakeFolder, path: string, text: string, seconds: number) => {
    const unfinished = lake.unfinishedFile()
    writeFileSync(unfinished, text)
    utimesSync(unfinished, seconds, seconds)
    lake.adopt(unfinished, 'bronze', path, { overwrite: true })
  }

  it('gives every version an ETag of its own, also on a clock that stands still or goes back', () => {
    const lake = open()
    const tags = new Set<string>()
    for (const seconds of [1_700_000_000, 1_700_000_000, 1_700_000_000, 1_600_000_000, 1_700_000_000]) {
      replace(lake, 'a', 'same', seconds)
      tags.add(etag('a'))
    }
    replace(lake, 'b', 'same', 1_600_000_000)
    lake.move({ container: 'bronze', path: 'b' }, { container: 'bronze', path: 'a' })
    tags.add(etag('a'))
    expect(tags.size).toBe(6)
    for (const tag of tags) expect(tag).toMatch(/^"0x[0-9A-F]{15,}"$/)
  })

  it('keeps the size exact and tells the listeners of files', async () => {
    const lake = open()
    await lake.counted
    await lake.place('bronze', 'a', '12345')
    await lake.place('bronze', 'folder/b', '123')
    const told: string[] = []
    lake.onPlaced((container, path) => told.push(`${container}/${path}`))
    lake.move({ container: 'bronze', path: 'a' }, { container: 'bronze', path: 'folder/b' })
    expect(lake.usage()).toEqual({ bytes: 5, files: 1 })
    lake.move({ container: 'bronze', path: 'folder' }, { container: 'bronze', path: 'other' })
    expect(lake.usage()).toEqual({ bytes: 5, files: 1 })
    expect(readFileSync(join(folder.path, 'bronze/other/b'), 'utf8')).toBe('12345')
    lake.move({ container: 'bronze', path: 'other/b' }, { container: 'bronze', path: 'other/b' })
    expect(lake.usage()).toEqual({ bytes: 5, files: 1 })
    // Of a folder those that are in it, at their new place.
    expect(told).toEqual(['bronze/folder/b', 'bronze/other/b', 'bronze/other/b'])
  })

  it('never puts a file over a folder or a folder over a file', async () => {
    const lake = open()
    await lake.place('bronze', 'file', 'x')
    await lake.place('bronze', 'folder/b', 'x')
    const file = { container: 'bronze', path: 'file' }
    const target = { container: 'bronze', path: 'folder' }
    expect(() => lake.move(file, target)).toThrow(AlreadyExistsError)
    expect(() => lake.move(target, file)).toThrow(AlreadyExistsError)
    expect(readFileSync(join(folder.path, 'bronze/file'), 'utf8')).toBe('x')
  })
})

describe('size', () => {
  it('counts what stood there, and every change, to the byte', async () => {
    await open().place('bronze', 'old/a.json', '12345')
    const lake = open()
    await lake.counted
    expect(lake.usage()).toEqual({ bytes: 5, files: 1 })
    await lake.place('bronze', 'b.json', '123')
    lake.note('silver', 't/part-0.parquet', 100)
    lake.note('silver', 't/part-0.parquet', -100)
    lake.note('silver', 't/part-1.parquet', 50)
    expect(lake.usage()).toEqual({ bytes: 58, files: 3 })
    expect([lake.remove('bronze', 'old/a.json'), lake.remove('bronze', 'old/a.json')]).toEqual([true, false])
    expect(lake.usage()).toEqual({ bytes: 53, files: 2 })
  })

  it('stays exact while files come and go during the count', async () => {
    for (let minute = 0; minute < 60; minute++) {
      const at = join(folder.path, 'bronze/weather', String(minute))
      mkdirSync(at, { recursive: true })
      for (let file = 0; file < 5; file++) writeFileSync(join(at, `${file}.json`), 'x'.repeat(10))
    }
    const lake = open()
    const changes = Array.from({ length: 60 }, async (_, minute) => {
      await lake.place('bronze', `weather/${minute}/new.json`, 'x'.repeat(7))
      lake.remove('bronze', `weather/${59 - minute}/0.json`)
    })
    await Promise.all([lake.counted, ...changes])
    const real = execFileSync('find', [join(folder.path, 'bronze'), '-type', 'f', '-printf', '%s\n'], {
      encoding: 'utf8',
    })
      .trim()
      .split('\n')
      .map(Number)
    expect(lake.usage()).toEqual({ bytes: real.reduce((sum, size) => sum + size, 0), files: real.length })
  })

  it('refuses to grow above the limit, also by many at once, and says what to do', async () => {
    const lake = open(100)
    await lake.counted
    const all = await Promise.allSettled(
      Array.from({ length: 10 }, (_, index) => lake.place('bronze', `${index}`, 'x'.repeat(30))),
    )
    expect(all.filter((one) => one.status === 'fulfilled')).toHaveLength(3)
    const refused = all.find((one) => one.status === 'rejected')?.reason as LakeFullError
    expect(refused).toBeInstanceOf(LakeFullError)
    expect(refused.message).toBe('The lake has reached its limit of 100 bytes.')
    expect(refused.hint).toContain('--lake-limit')
    expect(lake.usage().bytes).toBe(90)
  })

  it('notices, when full, what was deleted by hand', async () => {
    const lake = open(100)
    await lake.place('bronze', 'a', 'x'.repeat(90))
    execFileSync('rm', [join(folder.path, 'bronze/a')])
    await expect(lake.place('bronze', 'b', 'x'.repeat(90))).rejects.toThrow(LakeFullError)
    now = 60_000
    await expect(lake.place('bronze', 'b', 'x'.repeat(90))).rejects.toThrow(LakeFullError)
    await lake.recount()
    await lake.place('bronze', 'b', 'x'.repeat(90))
  })

  it('words a full disk as a full lake', () => {
    const full = diskError(
      Object.assign(new Error('ENOSPC: no space left'), { code: 'ENOSPC' }),
    ) as LakeFullError
    expect(full).toBeInstanceOf(LakeFullError)
    expect(full.message).toContain('disk')
    const named = diskError(full.cause, '/lake/bronze/one.json') as LakeFullError
    expect(named.message).toBe(
      'The disk that holds the lake is full: /lake/bronze/one.json cannot be written.',
    )
  })
})
