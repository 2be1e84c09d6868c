import { afterEach, describe, expect, it, vi } from 'vitest'
import { isoDuration, isoTime } from '../../../src/local/http/iso-time.ts'

afterEach(() => vi.unstubAllEnvs())

describe('a time in ISO-8601', () => {
  it.each([
    ['2026-11-24', '2026-11-24T00:00:00.000Z'],
    ['2026-11-24T01:02Z', '2026-11-24T01:02:00.000Z'],
    ['2026-11-24T01:02:03', '2026-11-24T01:02:03.000Z'],
    ['2026-11-24T01:02:03.4567891Z', '2026-11-24T01:02:03.456Z'],
    ['2026-11-24T01:02:03+01:00', '2026-11-24T00:02:03.000Z'],
  ])('%s is taken, whatever the time zone of the machine', (text, time) => {
    vi.stubEnv('TZ', 'America/New_York')
    expect(new Date(isoTime(text) ?? Number.NaN).toISOString()).toBe(time)
  })

  it.each([
    ['PT1H', 3_600_000],
    ['P1DT1M1.5S', 86_461_500],
    ['P2D', 172_800_000],
    ['PT86400.0S', 86_400_000],
  ])('%s is a length', (text, ms) => {
    expect(isoDuration(text)).toBe(ms)
  })

  it.each(['P', 'PT', 'P1DT', 'P1M', '1H', 'P1H', 'PT-1H', 'P9999999D', 5, null, undefined])(
    '%j is no length',
    (value) => {
      expect(isoDuration(value)).toBeUndefined()
    },
  )

  it.each([
    ['5'],
    ['yesterday'],
    ['Nov 24 2026'],
    ['2026-13-01'],
    ['2026-11-24T25:00:00Z'],
    [''],
    [5],
    [null],
  ])('%j is none', (value) => {
    expect(isoTime(value)).toBeUndefined()
  })
})
