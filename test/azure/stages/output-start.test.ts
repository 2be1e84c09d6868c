import { describe, expect, it } from 'vitest'
import { outputStart } from '../../../src/azure/stages/output-start.ts'

const NOW = Date.UTC(2026, 10, 24, 12, 0, 0)
const MARGIN_MS = 5 * 60_000
const start = (oldest: Date | undefined, lastOutputEventTime?: Date) =>
  outputStart({ lastOutputEventTime, oldestEvent: async () => oldest, now: () => NOW })

describe("where a job's output begins", () => {
  it('goes on where it stopped, when it has written before', async () => {
    expect(await start(new Date(0), new Date(NOW))).toEqual({ outputStartMode: 'LastOutputEventTime' })
  })

  it('begins a margin before the oldest event', async () => {
    const { outputStartTime } = await start(new Date(NOW - 3_600_000))
    expect(outputStartTime).toEqual(new Date(NOW - 3_600_000 - MARGIN_MS))
  })

  it('begins a margin before now, when the hub is empty or its clock is ahead', async () => {
    expect((await start(undefined)).outputStartTime).toEqual(new Date(NOW - MARGIN_MS))
    expect((await start(new Date(NOW + 3_600_000))).outputStartTime).toEqual(new Date(NOW - MARGIN_MS))
  })
})
