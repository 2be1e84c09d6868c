/** What a trace costs is counted on the way; what is asked for stays the same. */
import { expect, it } from 'vitest'
import { countingClient } from '../../../src/azure/trace/counting-client.ts'

it('passes a part of a file on, and counts its bytes alone', async () => {
  const file = Buffer.from('0123456789')
  const client = countingClient({
    async *list() {
      yield* []
    },
    read: async (_container, _path, _signal, range = { offset: 0, bytes: file.length }) =>
      file.subarray(range.offset, range.offset + range.bytes),
  })

  const part = await client.read('silver', 'weather/a.bin', undefined, { offset: 2, bytes: 3 })

  expect(part?.toString()).toBe('234')
  expect(client.cost).toEqual({ reads: 1, listed: 0, bytes: 3 })
})
