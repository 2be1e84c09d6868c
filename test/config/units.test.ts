import { describe, expect, it } from 'vitest'
import { defaultDataDir } from '../../src/config/paths.ts'
import { nearest } from '../../src/config/suggest.ts'
import { formatDuration, formatSize, parseDuration, parseSize } from '../../src/config/units.ts'

describe('durations', () => {
  it.each([
    ['250ms', 250],
    ['30s', 30_000],
    ['1.5h', 5_400_000],
    ['2m', 120_000],
    ['1d', 86_400_000],
  ])('%s', (text, ms) => expect(parseDuration(text)).toBe(ms))

  it.each(['', '10', 's', '-1s', '1 s', '1S', '1h30m', '1e3s', '٣s', '999999999999d'])(
    'refuses %j',
    (text) => {
      expect(parseDuration(text)).toBeUndefined()
    },
  )

  it.each([0, 1, 999, 90_000, 3_600_000, 86_400_000])('%i ms comes back from its text', (ms) => {
    expect(parseDuration(formatDuration(ms))).toBe(ms)
  })
})

describe('sizes', () => {
  it.each([
    ['256MB', 256_000_000],
    ['1GiB', 1_073_741_824],
    ['1.5GB', 1_500_000_000],
  ])('%s', (text, bytes) => expect(parseSize(text)).toBe(bytes))

  it.each(['256', '256mb', 'MB', '1 GB', '1B'])('refuses %j', (text) =>
    expect(parseSize(text)).toBeUndefined(),
  )

  it.each([0, 10_000_000, 1_073_741_824])('%i bytes come back from their text', (bytes) => {
    expect(parseSize(formatSize(bytes))).toBe(bytes)
  })
})

describe('the data folder of a user', () => {
  it.each([
    ['linux', {}, '/home/ada/.local/share/rtstream-tui'],
    ['linux', { XDG_DATA_HOME: '/data' }, '/data/rtstream-tui'],
    ['linux', { XDG_DATA_HOME: 'relative' }, '/home/ada/.local/share/rtstream-tui'],
    ['darwin', { XDG_DATA_HOME: '/data' }, '/home/ada/Library/Application Support/rtstream-tui'],
    [
      'win32',
      { LOCALAPPDATA: 'C:\\Users\\ada\\AppData\\Local' },
      'C:\\Users\\ada\\AppData\\Local\\rtstream-tui',
    ],
  ] as const)('%s %j', (platform, env, expected) =>
    expect(defaultDataDir(platform, '/home/ada', env)).toBe(expected),
  )
})

describe('did you mean', () => {
  it.each([
    ['staions', 'stations'],
    ['sttaions', 'stations'],
    ['Stations', 'stations'],
    ['colour', undefined],
  ])('%s → %s', (word, expected) => expect(nearest(word, ['stations', 'interval'])).toBe(expected))
})
