/** One thing is not told as several, anywhere: numbers come with their nouns from one place. */
import { readdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { expect, it } from 'vitest'
import { countOf, nounOf } from '../../../src/pipeline/state/count-of.ts'

it.each([
  [0, '0 events'],
  [1, '1 event'],
  [2, '2 events'],
  [1204, '1,204 events'],
])('%i', (count, text) => {
  expect(countOf(count, 'event')).toBe(text)
})

it('takes a noun with its verb, and one that does not only take an s', () => {
  expect(countOf(1, 'event was', 'events were')).toBe('1 event was')
  expect(countOf(7, 'city', 'cities')).toBe('7 cities')
  expect(nounOf(undefined, 'row')).toBe('rows')
})

const NOUNS =
  'events|rows|files|phones|stations|readings|partitions|cities|lines|batches|steps|minutes|names|settings|failures|warnings'
/** A number that is put in, and a noun of several behind it. */
const COUNTED = new RegExp(String.raw`(?<!more than |interval )\$\{([^{}]*)\} (?:${NOUNS})\b(?!/s)`, 'g')
/** Of what is never one: limits. */
const NEVER_ONE =
  /^(?:[A-Z_.\w]*[A-Z]{3}[\w.()'-]*|(?:grouped\()?LIMITS\.readingsPerSecond\)?|grouped\(MAX_STATIONS\)|grouped\(stations\)|readingsPerSecond)$/

const src = resolve(import.meta.dirname, '../../../src')
const sources = readdirSync(src, { recursive: true, encoding: 'utf8' }).filter((file) => /\.tsx?$/.test(file))

it('no text of the program says a number of its own with a noun of several', () => {
  const found = sources.flatMap((file) =>
    [...readFileSync(join(src, file), 'utf8').matchAll(COUNTED)]
      .filter(([, number = '']) => !NEVER_ONE.test(number))
      .map(([text]) => `${file}: ${text}`),
  )
  expect(found).toEqual([])
})
