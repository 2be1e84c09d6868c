import { beforeEach, describe, expect, it } from 'vitest'
import { askedWhenChanged } from '../../../src/azure/stages/asked-when-changed.ts'
import { LakeChanges } from '../../../src/contract/lake-changes.ts'
import type { StageService, StageState } from '../../../src/pipeline/ports/stages.ts'

let now = 0
let asked = 0
let state: StageState | Error = 'running'
let changes = new LakeChanges()
beforeEach(() => {
  ;[now, asked, state, changes] = [0, 0, 'running', new LakeChanges()]
})

const service: StageService = {
  status: async () => {
    asked++
    if (state instanceof Error) throw state
    return { state, providerStatus: state }
  },
  start: async () => {},
  stop: async () => {},
}
const told = (counts: LakeChanges | undefined = changes) =>
  askedWhenChanged(service, counts, { monotonic: () => now })
const states = async (stage: StageService) => (await stage.status()).state

describe('a stage that runs', () => {
  it('is asked once while its service counts nothing', async () => {
    const stage = told()
    for (now = 0; now < 9000; now += 3000) expect(await states(stage)).toBe('running')
    expect(asked).toBe(1)
  })

  it('is asked again when the service has counted something, and after ten seconds in any case', async () => {
    const stage = told()
    await states(stage)
    changes.note('services')
    state = 'stopped'
    expect(await states(stage)).toBe('stopped')
    state = 'running'
    await states(stage)
    const before = asked
    now += 9999
    await states(stage)
    expect(asked).toBe(before)
    now += 1
    await states(stage)
    expect(asked).toBe(before + 1)
  })

  it('is asked again when the change came while it was asked', async () => {
    const stage = askedWhenChanged(
      {
        ...service,
        status: async () => {
          changes.note('services')
          return service.status()
        },
      },
      changes,
      { monotonic: () => now },
    )
    await states(stage)
    await states(stage)
    expect(asked).toBe(2)
  })

  it.each(['start', 'stop'] as const)('is asked again after a %s', async (command) => {
    const stage = told()
    await states(stage)
    await stage[command]()
    await states(stage)
    expect(asked).toBe(2)
  })

  it('is asked each time where its service does not count, as on Azure', async () => {
    const stage = askedWhenChanged(service, undefined, { monotonic: () => now })
    await states(stage)
    await states(stage)
    expect(asked).toBe(2)
  })
})

it.each<StageState>(['starting', 'stopping', 'stopped', 'failed', 'degraded', 'unknown'])(
  'a stage that is %s is asked each time',
  async (other) => {
    const stage = told()
    state = other
    await states(stage)
    await states(stage)
    expect(asked).toBe(2)
  },
)

it('a service that did not answer is asked again', async () => {
  const stage = told()
  await states(stage)
  changes.note('services')
  state = new Error('away')
  await expect(stage.status()).rejects.toThrow('away')
  state = 'running'
  await states(stage)
  expect(asked).toBe(3)
})
