import { describe, expect, it } from 'vitest'
import { runStop, type StopReport } from '../../src/commands/stop.ts'
import { ServiceError } from '../../src/pipeline/ports/errors.ts'
import type { StageService, StageState } from '../../src/pipeline/ports/stages.ts'

/** A service that goes through the given states, one per look, and stays in the last. Errors are thrown. */
function stage(...states: (StageState | Error)[]): StageService & { stops: number } {
  let look = 0
  const service = {
    stops: 0,
    status: async () => {
      const state = states[Math.min(look++, states.length - 1)]
      if (state instanceof Error) throw state
      return { state: state ?? 'unknown', providerStatus: `word for ${state}` }
    },
    start: async () => {},
    stop: async () => {
      service.stops++
    },
  }
  return service
}

async function stop(
  stages: Partial<Record<'streamAnalytics' | 'silver' | 'gold' | 'aggregate', StageService>>,
) {
  let clock = 0
  const waits: number[] = []
  const written: string[] = []
  const code = await runStop({
    stages: {
      streamAnalytics: stage('stopped'),
      silver: stage('stopped'),
      gold: stage('stopped'),
      aggregate: stage('stopped'),
      ...stages,
    },
    json: true,
    write: (text) => written.push(text),
    now: () => clock,
    sleep: async (ms) => {
      waits.push(ms)
      clock += ms
    },
  })
  const { stages: reports } = JSON.parse(written.join('')) as { stages: StopReport[] }
  return { code, waits, of: (id: string) => reports.find((report) => report.stage === id) }
}

const error = (kind: ServiceError['kind'], retryAfterMs?: number) =>
  new ServiceError(kind, 'Databricks', `it is ${kind}`, { hint: 'mend it', retryAfterMs })

describe('stop', () => {
  it('stops what runs, once, and waits until it has ended', async () => {
    const silver = stage('running', 'stopping', 'stopping', 'stopped')
    const { code, of } = await stop({ silver })
    expect([code, silver.stops]).toEqual([0, 1])
    expect(of('silver')).toMatchObject({ result: 'stopped', detail: 'word for stopped' })
  })

  it('is safe to run twice', async () => {
    const job = stage('stopped')
    const { code, of } = await stop({ streamAnalytics: job })
    expect([code, job.stops, of('streamAnalytics')?.result]).toEqual([0, 0, 'was stopped'])
  })

  it('takes a failed run for ended, and a stage that is not there for stopped', async () => {
    const { code, of } = await stop({ gold: stage('failed'), aggregate: stage(error('not-found')) })
    expect([code, of('gold')?.result, of('aggregate')?.result]).toEqual([0, 'was stopped', 'was stopped'])
  })

  it('gives up on a refusal at once, with what to do, and stops the rest', async () => {
    const gold = stage('running', 'stopped')
    const refused = stage(error('authorization'))
    const { code, of } = await stop({ silver: refused, gold })
    expect([code, of('silver')?.result, of('gold')?.result]).toEqual([1, 'not stopped', 'stopped'])
    expect(of('silver')).toMatchObject({ detail: 'it is authorization', hint: 'mend it' })
  })

  it('waits out throttling as long as asked, and a network that is away', async () => {
    const silver = stage(
      error('throttled', 7000),
      error('unreachable'),
      'running',
      error('unreachable'),
      'stopped',
    )
    const { code, waits } = await stop({ silver })
    expect([code, silver.stops, waits]).toEqual([0, 1, [7000, 2000, 2000, 2000]])
  })

  it('goes on when a service breaks now and then, and gives up when it does nothing else', async () => {
    const broken = new TypeError('it makes no sense')
    const silver = stage('running', error('service'), broken, 'stopping', broken, broken, broken, 'stopped')
    const gold = stage('running', error('service'))
    const { code, of } = await stop({ silver, gold })
    expect([code, of('silver')?.result]).toEqual([1, 'stopped'])
    expect(of('gold')).toMatchObject({ result: 'not stopped', detail: 'it is service', hint: 'mend it' })
  })

  it('says what it waits for, once each', async () => {
    const lines: string[] = []
    await runStop({
      stages: {
        streamAnalytics: stage('running', 'stopping', 'stopping', 'stopped'),
        silver: stage(error('unreachable'), error('unreachable'), 'stopped'),
        gold: stage('stopped'),
        aggregate: stage('stopped'),
      },
      json: false,
      write: (text) => lines.push(text),
      sleep: async () => {},
    })
    expect(lines.filter((text) => /^(stopping|waiting)/.test(text))).toEqual([
      'waiting      Databricks silver run  it is unreachable\n',
      'stopping     Stream Analytics job   word for running\n',
      'stopping     Stream Analytics job   word for stopping\n',
    ])
  })

  it('ends at once when it is interrupted while it waits', async () => {
    const controller = new AbortController()
    const waiting = runStop({
      stages: {
        streamAnalytics: stage('stopped'),
        silver: stage(error('throttled', 300_000)),
        gold: stage('stopped'),
        aggregate: stage('stopped'),
      },
      json: false,
      write: (text) => text.startsWith('waiting') && controller.abort(new Error('enough')),
      signal: controller.signal,
    })
    await expect(waiting).rejects.toThrow('enough')
  })

  it('reports what does not end in ten minutes', async () => {
    const { code, of } = await stop({ aggregate: stage('stopping') })
    expect([code, of('aggregate')?.result]).toEqual([1, 'not stopped'])
    expect(of('aggregate')?.detail).toBe('still word for stopping after 10 minutes')
  })

  it('warns of what may still cost money', async () => {
    const lines: string[] = []
    const stages = {
      streamAnalytics: stage(error('service')),
      silver: stage('stopped'),
      gold: stage('stopped'),
      aggregate: stage('stopped'),
    }
    expect(await runStop({ stages, json: false, write: (text) => lines.push(text) })).toBe(1)
    expect(lines).toContain('not stopped  Stream Analytics job   it is service\n             → mend it\n')
    expect(lines.at(-1)).toBe('\n1 of 4 may still run and cost money.\n')
  })
})
