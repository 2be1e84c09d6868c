import { expect, it } from 'vitest'
import { Turns } from '../../../../src/local/engine/duckdb/turns.ts'

/** Work that ends when told to, and says that it has begun. */
function work(turns: Turns, begun: string[], name: string) {
  const { promise, resolve } = Promise.withResolvers<void>()
  const done = turns.take(async () => {
    begun.push(name)
    await promise
  })
  return { end: resolve, done }
}

const settled = () => new Promise((resolve) => setImmediate(resolve))

it('lets one run at a time, in the order in which they came', async () => {
  const turns = new Turns()
  const begun: string[] = []
  const [a, b, c] = ['a', 'b', 'c'].map((name) => work(turns, begun, name))
  await settled()
  expect(begun).toEqual(['a'])
  a?.end()
  await a?.done
  await settled()
  expect(begun).toEqual(['a', 'b'])
  b?.end()
  c?.end()
  await c?.done
  expect(begun).toEqual(['a', 'b', 'c'])
})

it('begins what waits when more may run at once, and no more when fewer may', async () => {
  const turns = new Turns()
  const begun: string[] = []
  const works = ['a', 'b', 'c', 'd'].map((name) => work(turns, begun, name))
  await settled()
  turns.places = 2
  await settled()
  expect(begun).toEqual(['a', 'b'])
  turns.places = 1
  works[0]?.end()
  await works[0]?.done
  await settled()
  expect(begun).toEqual(['a', 'b'])
  for (const one of works) one.end()
  await works[3]?.done
  expect(begun).toEqual(['a', 'b', 'c', 'd'])
})

it('goes on after work that failed', async () => {
  const turns = new Turns()
  await expect(turns.take(() => Promise.reject(new Error('no')))).rejects.toThrow('no')
  expect(await turns.take(async () => 'next')).toBe('next')
})
