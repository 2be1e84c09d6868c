import { expect, it } from 'vitest'
import { eventIds } from '../../../src/pipeline/generator/event-id.ts'

it('is a UUID as RFC 9562 shapes them, of the custom version', () => {
  const idOf = eventIds('seed', 'run')
  for (let number = 0; number < 200; number++)
    expect(idOf(number % 7, number)).toMatch(
      /^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/,
    )
})

it('is the same again for the same seed, run, station and number', () => {
  expect(eventIds('seed', 'run')(42, 17)).toBe(eventIds('seed', 'run')(42, 17))
  // Written down: a change would turn readings that are sent again after an update into new ones.
  expect(eventIds('seed', 'run')(42, 17)).toMatchInlineSnapshot(`"15a14a66-4b2f-8b65-a0f0-cd68693656de"`)
})

it('differs for every station and number', () => {
  const idOf = eventIds('seed', 'run')
  const ids = new Set<string>()
  for (let station = 0; station < 300; station++)
    for (let number = 0; number < 300; number++) ids.add(idOf(station, number))
  expect(ids.size).toBe(90_000)
})

it('differs between runs and seeds', () => {
  const ids = [
    eventIds('a', 'b')(1, 2),
    eventIds('b', 'a')(1, 2),
    eventIds('a', 'c')(1, 2),
    eventIds('ab', '')(1, 2),
    eventIds('', 'ab')(1, 2),
  ]
  expect(new Set(ids).size).toBe(ids.length)
})
