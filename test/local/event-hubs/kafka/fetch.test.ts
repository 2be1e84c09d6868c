import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { expect, it, vi } from 'vitest'
import { fetch } from '../../../../src/local/event-hubs/kafka/fetching/fetch.ts'
import { FetchSessions } from '../../../../src/local/event-hubs/kafka/fetching/fetch-sessions.ts'
import { KafkaReader, KafkaWriter } from '../../../../src/local/event-hubs/kafka/wire/values.ts'
import { HubLog } from '../../../../src/local/event-hubs/log/log.ts'
import { HUB } from '../hub-fixture.ts'
import { messageOf, record } from './batches.ts'

const EVENTS = 200

it('a client that waits for much has each event counted once, and read once to send it', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'rtstream-fetch-'))
  const log = HubLog.open(folder, { partitions: 1, retention: { ms: 3_600_000, bytes: 1e9 }, clock: Date })
  try {
    const message = messageOf(record(Buffer.alloc(100)))
    const minBytes = message.length * EVENTS
    // Version 4: replica, longest wait, least and most bytes, isolation; then partition, offset, most bytes.
    const request = new KafkaWriter().int32(-1).int32(60_000).int32(minBytes).int32(4_000_000).int8(0)
    request.array([HUB], (name) =>
      request.string(name).array([0], (partition) => request.int32(partition).int64(0).int32(4_000_000)),
    )
    const answer = new KafkaWriter()
    const counted = vi.spyOn(log, 'sizeFrom')
    const read = vi.spyOn(log, 'readPages')
    const signal = new AbortController().signal
    const answered = fetch(
      { log, hubName: HUB, signal, fetchSessions: new FetchSessions({ newNumber: () => 1, now: () => 0 }) },
      4,
      new KafkaReader(Buffer.from(request.end())),
      answer,
    )
    for (let event = 1; event < EVENTS; event++) log.append(0, [message])
    await setImmediate()
    // What was counted once does not count again: the last one is still awaited.
    expect(answer.length).toBeLessThan(EVENTS)
    log.append(0, [message])
    await answered
    expect(counted.mock.calls.map(([, from]) => from)).toEqual(
      Array.from({ length: EVENTS }, (_, event) => event),
    )
    expect(read).toHaveBeenCalledTimes(1)
    expect(answer.end().length).toBeGreaterThan(EVENTS * 100)
  } finally {
    log.close()
    rmSync(folder, { recursive: true })
  }
})
