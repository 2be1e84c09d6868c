import { expect, it, vi } from 'vitest'
import { PATIENCE_MS, patient } from './patience.ts'

it('a wait that names no limit goes on for longer than the second that Vitest gives it', async () => {
  let looks = 0
  await vi.waitFor(() => expect(++looks).toBeGreaterThan(25))
  await expect.poll(() => ++looks, { interval: 50 }).toBeGreaterThan(50)
})

it('a wait keeps the limit that it names', async () => {
  const given: unknown[] = []
  const waitFor = patient(async (_, options) => {
    given.push(options)
    return undefined as never
  })
  await waitFor(() => {})
  await waitFor(() => {}, { interval: 5 })
  await waitFor(() => {}, { timeout: 7 })
  await waitFor(() => {}, 9)
  expect(given).toEqual([{ timeout: PATIENCE_MS }, { timeout: PATIENCE_MS, interval: 5 }, { timeout: 7 }, 9])
})
