import { describe, expect, it } from 'vitest'
import { runStatus, type StatusContext } from '../../src/commands/status.ts'
import { ServiceError } from '../../src/pipeline/ports/errors.ts'
import type { LakeSnapshot, TableSnapshot } from '../../src/pipeline/ports/lake.ts'
import type { StageService } from '../../src/pipeline/ports/stages.ts'

const NOW = Date.UTC(2026, 10, 24, 12)
const table = (rows: number): TableSnapshot => ({
  version: 1,
  files: 2,
  bytes: 3_000_000,
  rows,
  newestAt: new Date(NOW - 5000),
  committedAt: undefined,
  commitMetadata: undefined,
})
const snapshot: LakeSnapshot = {
  bronze: {
    files: 9,
    bytes: 35_900,
    rows: 1234,
    rejected: 0,
    extraRows: 0,
    skipped: 0,
    positions: new Map(),
    newestAt: new Date(NOW - 60_000),
  },
  silver: table(1200),
  quarantine: table(30),
  gold: table(1190),
  byMinute: table(60),
  aggregated: table(8),
  silverArrived: [],
  silverSkipped: 0,
  goldArrived: [],
  goldSkipped: 0,
  quarantineArrived: [],
  cities: undefined,
}
const running: StageService = {
  status: async () => ({ state: 'running', providerStatus: 'RUNNING', since: new Date(NOW - 300_000) }),
  start: async () => {},
  stop: async () => {},
}

function target(changes: Partial<StatusContext['target']> = {}): StatusContext['target'] {
  return {
    name: 'azure',
    hub: {
      partitions: async () => [
        {
          id: '0',
          beginningSequenceNumber: 0,
          lastEnqueuedSequenceNumber: 1999,
          lastEnqueuedAt: undefined,
          isEmpty: false,
        },
        {
          id: '1',
          beginningSequenceNumber: -1,
          lastEnqueuedSequenceNumber: -1,
          lastEnqueuedAt: undefined,
          isEmpty: true,
        },
      ],
      readAfter: () => {
        throw new Error('status reads no events')
      },
      close: async () => {},
    },
    stages: { streamAnalytics: running, silver: running, gold: running, aggregate: running },
    lake: { poll: async () => ({ snapshot, errors: new Map() }) },
    ...changes,
  }
}

async function status(json: boolean, changes: Partial<StatusContext['target']> = {}) {
  const written: string[] = []
  const code = await runStatus({
    target: target(changes),
    json,
    write: (text) => written.push(text),
    now: () => NOW,
  })
  return { code, text: written.join('') }
}

describe('status', () => {
  it('shows every stage and layer in lines', async () => {
    const { code, text } = await status(false)
    expect(code).toBe(0)
    expect(text.split('\n')).toEqual([
      'stream analytics  running (RUNNING), for 5 min',
      'silver            running (RUNNING), for 5 min',
      'gold              running (RUNNING), for 5 min',
      'aggregate         running (RUNNING), for 5 min',
      'hub               2,000 events in 2 partitions',
      'bronze            1,234 rows, 9 files, 35.9 KB, newest 60 s ago',
      'silver            1,200 rows, 2 files, 3.0 MB, newest 5.0 s ago',
      'quarantine        30 rows, 2 files, 3.0 MB, newest 5.0 s ago',
      'gold              1,190 rows, 2 files, 3.0 MB, newest 5.0 s ago',
      'by minute         60 rows, 2 files, 3.0 MB, newest 5.0 s ago',
      'aggregated        8 rows, 2 files, 3.0 MB, newest 5.0 s ago',
      '',
    ])
  })

  it('is one JSON object on demand', async () => {
    const parsed = JSON.parse((await status(true)).text)
    expect(parsed).toMatchObject({
      type: 'status',
      target: 'azure',
      at: '2026-11-24T12:00:00.000Z',
      stages: { silver: { state: 'running', providerStatus: 'RUNNING' } },
      layers: { bronze: { rows: 1234, ageMs: 60_000 } },
    })
    expect(parsed.hub.partitions).toHaveLength(2)
  })

  it('shows the rest when one service does not answer, and exits with 1', async () => {
    const lost = async () => {
      throw new ServiceError('unreachable', 'Synapse', 'Synapse cannot be reached', {
        hint: 'Check the network.',
      })
    }
    const stages = { ...target().stages, aggregate: { ...running, status: lost } }
    const { code, text } = await status(false, { stages })
    expect(code).toBe(1)
    expect(text).toContain('aggregate         Synapse cannot be reached → Check the network.\n')
    expect(text).toContain('silver            running')
  })

  it('shows no layer with more than the one before it, though rows move on while it reads', async () => {
    let polls = 0
    // A lake that grows: within one look, what is read last has most.
    const poll = async () => {
      const at = 1000 * ++polls
      const grown: LakeSnapshot = {
        ...snapshot,
        bronze: { ...snapshot.bronze, rows: at },
        silver: table(at + 400),
        quarantine: table(100),
        gold: table(at + 600),
      }
      return { snapshot: grown, errors: new Map() }
    }
    const { layers } = JSON.parse((await status(true, { lake: { poll } })).text)
    expect(layers.silver.rows + layers.quarantine.rows).toBeLessThanOrEqual(layers.bronze.rows)
    expect(layers.gold.rows).toBeLessThanOrEqual(layers.silver.rows)
  })

  it('names a layer that cannot be read', async () => {
    const errors = new Map([['gold', new ServiceError('authorization', 'the lake', 'gold is closed to you')]])
    const { code, text } = await status(false, { lake: { poll: async () => ({ snapshot, errors }) } })
    expect([code, text.includes('gold              gold is closed to you\n')]).toEqual([1, true])
  })

  it('says so when the lake as a whole is away', async () => {
    const { code, text } = await status(false, { lake: { poll: () => Promise.reject(new Error('no lake')) } })
    expect([code, text.includes('lake              no lake\n')]).toEqual([1, true])
  })
})
