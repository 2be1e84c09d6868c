/** Ids of recent rows in memory: as a list of all that was seen would tell, or nothing is told. */
import { randomUUID } from 'node:crypto'
import { expect, it } from 'vitest'
import { BatchIds, SeenIds } from '../../../../src/local/engine/live/seen-ids.ts'

const MINUTE = 60_000_000
const keeping = { kept: 11 * MINUTE, generation: MINUTE, most: 1e6 }

function batch(...ids: readonly (string | readonly [string, boolean])[]): BatchIds {
  const rows = ids.map((id) => (typeof id === 'string' ? ([id, true] as const) : id))
  return new BatchIds(
    rows.map(([id]) => id),
    (row) => rows[row]?.[1] === true,
  )
}

const at = (time: number) => ({ earliest: time, latest: time })

it('finds ids that stood in an earlier batch, or earlier in the same one', () => {
  const seen = new SeenIds(keeping)
  const [a, b, c] = [randomUUID(), randomUUID(), randomUUID()]
  const first = batch(a, b, a)
  const found = seen.find(first, at(0))
  expect(found).toEqual(Uint8Array.of(0, 0, 1))
  seen.remember(first, found as Uint8Array, at(0), 0)
  expect(seen.find(batch(c), at(MINUTE))).toBeUndefined()
  expect(seen.find(batch(c, b), at(MINUTE))).toEqual(Uint8Array.of(0, 1))
  expect(seen.size).toBe(2)
})

it('tells ids apart by their letters, whatever their form, and by the verdict', () => {
  const seen = new SeenIds(keeping)
  const id = '0a0b0c0d-0000-8000-8000-00000000000f'
  const known = [id, 'a text', '', '00000000-0000-0000-0000-000000000000'] as const
  const first = batch(...known)
  seen.remember(first, undefined, at(0), 0)
  expect(seen.find(batch(...known), at(1))).toEqual(Uint8Array.of(1, 1, 1, 1))
  const others = [id.toUpperCase(), 'A text', ' ', [id, false], ['a text', false]] as const
  expect(seen.find(batch(...others), at(1))).toBeUndefined()
})

it('knows an id whatever stands beside it in its batch', () => {
  const uuid = randomUUID()
  // As long as a UUID, and none: the last has a letter for two bytes.
  const others = ['a text', uuid.toUpperCase(), `${uuid.slice(0, -1)}g`, `${uuid.slice(0, -1)}ö`]
  const rows = [[uuid], ...others.map((other) => [uuid, other]), [uuid, ...others]]
  for (const known of rows)
    for (const asked of rows) {
      const seen = new SeenIds(keeping)
      seen.remember(batch(...known), undefined, at(0), 0)
      const expected = asked.map((id) => Number(known.includes(id)))
      const found = seen.find(batch(...asked), at(1)) ?? new Uint8Array(asked.length)
      expect(Array.from(found as Uint8Array)).toEqual(expected)
    }
})

it('says what a list of all rows says, over many generations, and nothing where it cannot know', () => {
  const seen = new SeenIds(keeping)
  const all = new Map<string, number>()
  const ids = Array.from({ length: 40_000 }, () => randomUUID())
  let [unsure, repeated] = [0, 0]
  for (let round = 0; round < 400; round++) {
    const now = round * 4_000_000
    const mine: string[] = ids.slice(round * 100, round * 100 + 100)
    // One that came before: at first within the window, then also beyond it.
    if (round > 0) mine.push(ids[Math.floor(round / 3) * 100] as string)
    const rows = batch(...mine)
    const found = seen.find(rows, at(now))
    const isAgain = mine.map((id) => now - (all.get(id) ?? Number.NEGATIVE_INFINITY) <= 10 * MINUTE)
    if (found === 'unsure') unsure++
    else expect(Array.from(found ?? new Uint8Array(mine.length))).toEqual(isAgain.map(Number))
    if (isAgain.at(-1)) repeated++
    const left = Uint8Array.from(isAgain, Number)
    seen.remember(rows, left, at(now), now)
    for (const [index, id] of mine.entries()) if (!left[index]) all.set(id, now)
  }
  expect(repeated).toBeGreaterThan(100)
  expect(unsure).toBeLessThan(100)
  // What left the window is forgotten.
  expect(seen.size).toBeLessThan(20_000)
})

it('says nothing of a batch longer than the window, or of times that it does not remember', () => {
  const seen = new SeenIds(keeping, 30 * MINUTE)
  expect(seen.find(batch('a'), { earliest: 50 * MINUTE, latest: 61 * MINUTE })).toBe('unsure')
  expect(seen.find(batch('a'), at(39 * MINUTE))).toBe('unsure')
  expect(seen.find(batch('a'), at(41 * MINUTE))).toBeUndefined()
})
