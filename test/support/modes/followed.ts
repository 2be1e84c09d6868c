/** One event on its whole way, as the tracer tells it. */
import type { TraceStep } from '../../../src/pipeline/ports/trace.ts'
import type { TraceSlice } from '../../../src/pipeline/state/state.ts'
import { SCENARIO_NOW } from '../scenario.ts'

const MADE_AT = SCENARIO_NOW - 6200
const eventId = '0198d3a5-7c21-7a00-8017-5f1e0c9b2d44'
const position = { partition: '2', sequenceNumber: 1803 }
const row = {
  eventId,
  deviceId: 'station-00017',
  city: 'Cairo',
  temperature: 21,
  humidity: 48,
  createdAt: '2026-11-24T12:31:04.800Z',
}
const body = JSON.stringify(row)
const minute = (readings: number, mean: number) => ({
  minute: '2026-11-24T12:31:00Z',
  city: 'Cairo',
  avg_temperature: mean,
  readings,
})
const file = (folder: string, version: number) => ({
  version,
  file: `${folder}/part-00000-5b0e1c3c-7d0a-4f6e-9a55-2f1c9a4e0b7d-c000.snappy.parquet`,
  fileBytes: 12_345,
  fileRows: 118,
})

const STEPS: readonly TraceStep[] = [
  {
    step: 'made',
    state: 'done',
    at: MADE_AT,
    bytes: body.length,
    facts: { body, deviceId: row.deviceId, station: 17, number: 733 },
  },
  {
    step: 'acknowledged',
    state: 'done',
    at: MADE_AT + 45,
    bytes: body.length,
    facts: { ...position, offset: '612044', partitionKey: row.deviceId, batchEvents: 31, isBatchWhole: true },
  },
  {
    step: 'bronze',
    state: 'done',
    at: MADE_AT + 1245,
    bytes: 345,
    facts: {
      outcome: 'line',
      file: 'weather/2026/11/24/12-31/2_00000000001780-00000000001809_30.json',
      fileBytes: 9100,
      line: 24,
      lines: 30,
      text: body,
    },
  },
  {
    step: 'silver',
    state: 'done',
    at: MADE_AT + 2000,
    facts: { outcome: 'row', row, ...file('weather', 689) },
  },
  {
    step: 'gold',
    state: 'done',
    at: MADE_AT + 3000,
    facts: { row: { ...row, date: '2026-11-24', hour: 12 }, ...file('weather/date=2026-11-24', 684) },
  },
  {
    step: 'minute',
    state: 'done',
    at: MADE_AT + 3100,
    facts: {
      minute: '2026-11-24T12:31:00Z',
      city: 'Cairo',
      version: 331,
      files: ['part-00000-9a4e.snappy.parquet'],
      before: minute(9, 20.78),
      isBeforeKnown: true,
      after: minute(10, 20.8),
      readings: 116,
    },
  },
  { step: 'aggregate', state: 'waiting' },
]

/** Six steps are done, the last one is waited for. */
export const followed = (): TraceSlice => ({
  query: { kind: 'newest' },
  trace: {
    eventId,
    position,
    steps: STEPS,
    lookedAt: SCENARIO_NOW - 400,
    cost: { reads: 7, listed: 40, bytes: 48_000 },
  },
  problem: undefined,
  lookedAt: SCENARIO_NOW - 400,
})
