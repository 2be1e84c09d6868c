/** What a look into bronze costs, however large bronze is: the minute's folder is listed, and one file read. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { searchBronze } from '../../../src/azure/trace/bronze-search.ts'
import { bronzeFileName, bronzeFolder } from '../../../src/contract/bronze-layout.ts'
import { BronzeOfFiles, FILES_PER_MINUTE, LINES_PER_FILE } from '../../support/bronze-of-files.ts'
import { lakeClient } from '../../support/lake-client.ts'
import { type LakeServer, startLake } from '../../support/lake-server.ts'

let lake: LakeServer
let bronze: BronzeOfFiles

beforeAll(async () => {
  lake = await startLake()
  bronze = new BronzeOfFiles(lake.root)
})
afterAll(() => lake.close())

describe('a look into bronze', () => {
  it.each([100, 10_000])(
    'of %i files lists one minute and reads one file',
    async (count) => {
      bronze.growTo(count)
      const client = lakeClient(lake)
      const sequenceNumber = Math.floor(count / 2) * LINES_PER_FILE + 3
      const { step, neighbours } = await searchBronze(client, bronze.event(sequenceNumber))
      expect(step.facts).toMatchObject({ outcome: 'line', line: 4, lines: LINES_PER_FILE })
      expect(neighbours.size).toBe(LINES_PER_FILE)
      expect(client.asked.filter((what) => what.startsWith('read '))).toHaveLength(1)
      expect(client.listed).toBeLessThanOrEqual(FILES_PER_MINUTE)
    },
    60_000,
  )

  it('waits for a file that is not there yet, and says what was left out', async () => {
    const client = lakeClient(lake)
    expect(
      (await searchBronze(client, bronze.event(bronze.files * LINES_PER_FILE + 10_000))).step.state,
    ).toBe('waiting')
    const left = { ...bronze.event(0), partition: '1' }
    const folder = join(lake.root, 'bronze', bronzeFolder(new Date(left.enqueuedAt)))
    writeFileSync(
      join(folder, bronzeFileName({ partition: 1, firstSequenceNumber: 7, lastSequenceNumber: 7, rows: 0 })),
      '',
    )
    expect((await searchBronze(client, left)).step.state).toBe('never')
  })
})
