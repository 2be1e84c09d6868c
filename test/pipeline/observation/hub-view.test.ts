import { expect, it } from 'vitest'
import { HubView } from '../../../src/pipeline/observation/hub-view.ts'
import type { ConsumerGroup, PartitionProperties } from '../../../src/pipeline/ports/hub.ts'

const partition = (id: string, begin: number, last: number): PartitionProperties => ({
  id,
  beginningSequenceNumber: begin,
  lastEnqueuedSequenceNumber: last,
  lastEnqueuedAt: undefined,
  isEmpty: last < 0,
})
const PARTITIONS = [partition('0', 100, 199), partition('1', 0, -1)]
const groups = (...found: ConsumerGroup[]) =>
  new HubView()
    .slice(PARTITIONS, undefined, 0, 0, found)
    .groups?.map(({ name, lag, lags }) => [name, lag, lags])

it('counts what each consumer group has not read, and not what has expired', () => {
  const group = (name: string, next: Record<string, number>): ConsumerGroup => ({
    name,
    protocol: 'Kafka',
    members: 1,
    next,
  })
  expect(
    groups(
      group('at the end', { 0: 200, 1: 0 }),
      group('behind', { 0: 150, 1: 0 }),
      group('behind what is there', { 0: 3 }),
      group('ahead of a hub that was emptied', { 0: 900 }),
      group('nowhere', {}),
    ),
  ).toEqual([
    ['at the end', 0, [0, 0]],
    ['behind', 50, [50, 0]],
    ['behind what is there', 100, [100, undefined]],
    ['ahead of a hub that was emptied', 0, [0, undefined]],
    ['nowhere', undefined, [undefined, undefined]],
  ])
})

it('says that groups are not known where the target does not tell', () => {
  expect(new HubView().slice(PARTITIONS, undefined, 0, 0).groups).toBeUndefined()
})
