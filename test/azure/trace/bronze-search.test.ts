/** Where the search for an event in bronze ends without a file. */
import { expect, it } from 'vitest'
import type { LakeClient } from '../../../src/azure/lake/data-lake.ts'
import { searchBronze } from '../../../src/azure/trace/bronze-search.ts'
import type { HubEvent } from '../../../src/azure/trace/hub-search.ts'

const event: HubEvent = {
  partition: '1',
  sequenceNumber: 7,
  offset: '7',
  partitionKey: undefined,
  enqueuedAt: Date.parse('2026-03-01T12:00:00Z'),
  body: Buffer.from('{}'),
}
/** A bronze without files. */
const withTotals = (text: string | undefined) =>
  ({
    async *list() {
      yield* []
    },
    read: async () => (text === undefined ? undefined : Buffer.from(text)),
  }) as unknown as LakeClient

it('waits as long as nothing has counted the event', async () => {
  expect((await searchBronze(withTotals(undefined), event)).step).toMatchObject({ state: 'waiting' })
})

it('names damaged totals, and says what to do', async () => {
  await expect(searchBronze(withTotals('{'), event)).rejects.toMatchObject({
    message: expect.stringContaining('_totals.json cannot be read'),
    hint: expect.stringContaining('Put it back'),
  })
})
