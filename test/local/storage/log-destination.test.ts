import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pino from 'pino'
import { afterAll, afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { logDestination } from '../../../src/local/storage/log-destination.ts'
import { NO_SMALL_DISK, smallDisk } from '../../support/small-disk.ts'

const disk = smallDisk(1)
afterAll(() => disk?.remove())

describe('the log on a full disk', () => {
  it('ends nothing, holds lines up to a bound, and says afterwards how many are lost', async (context) => {
    if (!disk) return context.skip(NO_SMALL_DISK)
    const file = join(disk.path, 'logs', 'a.log')
    const destination = logDestination(file)
    const logger = pino({ base: null }, destination)
    logger.info('before')
    disk.fill()
    logger.fatal('full')
    const whole = 'x'.repeat(1000)
    for (let number = 0; number < 1000; number++) logger.info({ number, whole }, 'full')
    expect(statSync(file).size).toBeLessThan(5000)
    disk.free()
    logger.info({ whole }, 'after')
    const lines = () =>
      readFileSync(file, 'utf8')
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line))
    await vi.waitFor(() => expect(lines().at(-1).msg).toMatch(/^\d+ lines of this log could not be written/))
    const held = lines().filter(({ msg }) => msg === 'full').length
    const lost = Number.parseInt(lines().at(-1).msg, 10)
    expect(lines()[0].msg).toBe('before')
    expect(held).toBeGreaterThan(100)
    // The first line after may be what finds that there is room, and be lost itself.
    expect(held + lost + lines().filter(({ msg }) => msg === 'after').length).toBe(1002)
    destination.end()
  })
})

it('no control character reaches the log, and its lines stay JSON', () => {
  const folder = mkdtempSync(join(tmpdir(), 'rtstream-log-'))
  try {
    const file = join(folder, 'a.log')
    const text = 'a\u001b[31m\u009b31m\u0085\u007fé'
    pino({ base: null }, logDestination(file)).info({ text }, 'hostile')
    const written = readFileSync(file, 'utf8').trimEnd()
    expect(written).not.toMatch(/[\u0000-\u001f\u007f-\u009f]/)
    expect(JSON.parse(written).text).toBe(text)
  } finally {
    rmSync(folder, { recursive: true })
  }
})

describe('the log while it runs', () => {
  let folder: string
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'rtstream-log-'))
  })
  afterEach(() => rmSync(folder, { recursive: true }))

  const numbersIn = (file: string): number[] =>
    readFileSync(file, 'utf8')
      .trim()
      .split('\n')
      .map((line) => (JSON.parse(line) as { number: number }).number)

  it('is bounded, one older part is kept, and another writer follows', () => {
    const file = join(folder, 'a.log')
    const [owner, follower] = [logDestination(file, 10_000), logDestination(file, 10_000)]
    owner.own()
    const text = 'x'.repeat(100)
    for (let number = 0; number < 400; number++)
      pino({ base: null }, number % 2 ? owner : follower).info({ number, text }, 'one')
    expect(statSync(file).size).toBeLessThan(10_500)
    expect(statSync(`${file}.1`).size).toBeLessThan(10_500)
    expect(readdirSync(folder).sort()).toEqual(['a.log', 'a.log.1'])
    const kept = [...numbersIn(`${file}.1`), ...numbersIn(file)]
    expect(kept.length).toBeGreaterThan(60)
    // Every line of both, in order, up to the last.
    expect(kept).toEqual(kept.map((_, index) => 400 - kept.length + index))
  })

  it('is left alone by who does not own its folder', () => {
    const file = join(folder, 'a.log')
    writeFileSync(file, 'x'.repeat(20_000))
    logDestination(file, 10_000).write('refused\n')
    expect(readdirSync(folder)).toEqual(['a.log'])
    expect(statSync(file).size).toBe(20_008)
  })

  it('is not made again when its folder was deleted', () => {
    const file = join(folder, 'logs', 'a.log')
    const destination = logDestination(file, 10_000)
    destination.own()
    rmSync(join(folder, 'logs'), { recursive: true })
    destination.write('late\n')
    expect(readdirSync(folder)).toEqual([])
  })
})
