/** What a look into bronze costs, however large bronze is: the minute's folder is listed, and one file read. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { searchBronze } from '../../../src/azure/trace/bronze-search.ts'
import type { HubEvent } from '../../../src/azure/trace/hub-search.ts'
import { bronzeFileName, bronzeFolder } from '../../../src/contract/bronze-layout.ts'
import { lakeClient } from '../../support/lake-client.ts'
import { type LakeServer, startLake } from '../../support/lake-server.ts'

const START = Date.UTC(2026, 10, 24, 2, 0)
const PER_MINUTE = 60
const PER_FILE = 5
const timeOf = (file: number) => START + Math.floor(file / PER_MINUTE) * 60_000

let lake: LakeServer
let files = 0
/** One partition, one file a second. */
function growTo(count: number): void {
  for (; files < count; files++) {
    const folder = join(lake.root, 'bronze', bronzeFolder(new Date(timeOf(files))))
    if (files % PER_MINUTE === 0) mkdirSync(folder, { recursive: true })
    const first = files * PER_FILE
    const lines = Array.from({ length: PER_FILE }, (_, index) =>
      JSON.stringify({ eventId: `id-${first + index}`, PartitionId: 0, SequenceNumber: first + index }),
    )
    const name = bronzeFileName({
      partition: 0,
      firstSequenceNumber: first,
      lastSequenceNumber: first + PER_FILE - 1,
      rows: PER_FILE,
    })
    writeFileSync(join(folder, name), `${lines.join('\n')}\n`)
  }
}
const eventOf = (sequenceNumber: number): HubEvent => ({
  partition: '0',
  sequenceNumber,
  offset: '0',
  partitionKey: undefined,
  enqueuedAt: timeOf(Math.floor(sequenceNumber / PER_FILE)) + 1000,
  body: Buffer.from('{}'),
})

beforeAll(async () => {
  lake = await startLake()
})
afterAll(() => lake.close())

describe('a look into bronze', () => {
  it.each([100, 10_000])(
    'of %i files lists one minute and reads one file',
    async (count) => {
      growTo(count)
      const client = lakeClient(lake)
      const sequenceNumber = Math.floor(count / 2) * PER_FILE + 3
      const { step, neighbours } = await searchBronze(client, eventOf(sequenceNumber))
      expect(step.facts).toMatchObject({ outcome: 'line', line: 4, lines: PER_FILE })
      expect(neighbours.size).toBe(PER_FILE)
      expect(client.asked.filter((what) => what.startsWith('read '))).toHaveLength(1)
      expect(client.listed).toBeLessThanOrEqual(PER_MINUTE)
    },
    60_000,
  )

  it('waits for a file that is not there yet, and says what was left out', async () => {
    const client = lakeClient(lake)
    expect((await searchBronze(client, eventOf(files * PER_FILE + 10_000))).step.state).toBe('waiting')
    const left = { ...eventOf(0), partition: '1' }
    const folder = join(lake.root, 'bronze', bronzeFolder(new Date(left.enqueuedAt)))
    writeFileSync(
      join(folder, bronzeFileName({ partition: 1, firstSequenceNumber: 7, lastSequenceNumber: 7, rows: 0 })),
      '',
    )
    expect((await searchBronze(client, left)).step.state).toBe('never')
  })
})
