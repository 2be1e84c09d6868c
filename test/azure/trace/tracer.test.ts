/** What following one event costs: the hub is read once, the lake at each look. */
import { beforeEach, describe, expect, it } from 'vitest'
import { type HubEvent, HubSearch } from '../../../src/azure/trace/hub-search.ts'
import { createTracer } from '../../../src/azure/trace/tracer.ts'
import type { PartitionProperties } from '../../../src/pipeline/ports/hub.ts'
import type { Tracer } from '../../../src/pipeline/ports/trace.ts'

const eventOf = (sequenceNumber: number): HubEvent => ({
  partition: '1',
  sequenceNumber,
  offset: String(sequenceNumber),
  partitionKey: undefined,
  enqueuedAt: 1000,
  body: Buffer.from('{"eventId":"twice"}'),
})

/** One partition with four events, of which two have one id. */
class CountedHub extends HubSearch {
  asked: string[] = []

  constructor() {
    super({} as ConstructorParameters<typeof HubSearch>[0], {} as ConstructorParameters<typeof HubSearch>[1])
  }

  override async partitions(): Promise<PartitionProperties[]> {
    this.asked.push('partitions')
    return [
      {
        id: '1',
        beginningSequenceNumber: 0,
        lastEnqueuedSequenceNumber: 3,
        lastEnqueuedAt: new Date(1000),
        isEmpty: false,
      },
    ]
  }

  override async read(_partition: PartitionProperties, from: number, to: number): Promise<HubEvent[]> {
    this.asked.push('events')
    return [0, 1, 2, 3].filter((one) => one >= from && one <= to).map(eventOf)
  }

  override async find(): Promise<HubEvent[]> {
    this.asked.push('search')
    return [eventOf(1), eventOf(3)]
  }
}

let hub: CountedHub
let listings: number
let tracer: Tracer
beforeEach(() => {
  hub = new CountedHub()
  listings = 0
  const client = {
    async *list() {
      listings++
      yield* []
    },
    read: async () => undefined,
  }
  tracer = createTracer({ hub, client, clock: { now: () => 5000 } })
})

describe('an event that is looked at again and again', () => {
  it('is read from the hub once, and looked for in the lake each time', async () => {
    const first = await tracer.trace({ kind: 'id', eventId: 'twice' })
    const { asked } = hub
    expect(asked).toContain('search')
    hub.asked = []
    const before = listings
    for (let look = 0; look < 5; look++) {
      const again = await tracer.trace({ kind: 'position', partition: '1', sequenceNumber: 1 })
      // It still tells that the event was sent twice, which its position alone does not.
      expect(again?.steps).toEqual(first?.steps)
    }
    expect(first?.steps[0]?.note).toBe('sent 2 times, also as 1:3')
    expect(hub.asked).toEqual([])
    expect(listings).toBeGreaterThanOrEqual(before + 5)
  })

  it('is another one at another position', async () => {
    await tracer.trace({ kind: 'position', partition: '1', sequenceNumber: 1 })
    const other = await tracer.trace({ kind: 'position', partition: '1', sequenceNumber: 2 })
    expect(other?.position).toEqual({ partition: '1', sequenceNumber: 2 })
    const newest = await tracer.trace({ kind: 'newest' })
    expect(newest?.position.sequenceNumber).toBe(3)
  })
})
