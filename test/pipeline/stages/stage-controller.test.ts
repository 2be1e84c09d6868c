import { describe, expect, it } from 'vitest'
import { ServiceError } from '../../../src/pipeline/ports/errors.ts'
import { IdleTracker } from '../../../src/pipeline/runtime/idle-tracker.ts'
import { StageController } from '../../../src/pipeline/stages/stage-controller.ts'
import type { StageTimes } from '../../../src/pipeline/stages/timing.ts'
import { Log, silentLogger } from '../../../src/pipeline/state/log.ts'
import { FakeClock } from '../../support/fake-clock.ts'
import { FakeStage, refusal, throttled, unreachable } from '../../support/fake-target.ts'

const TIMES: StageTimes = {
  changingMs: 1000,
  steadyMs: 2000,
  quietMs: 10_000,
  longestBackOffMs: 16_000,
  usualStartMs: 3000,
  usualStopMs: 1000,
  commandTimeoutMs: 120_000,
  retryAuthorizationOnStartMs: 0,
}

function setUp(times: Partial<StageTimes> = {}) {
  const clock = new FakeClock()
  const stage = new FakeStage()
  const log = new Log(clock, silentLogger)
  const controller = new StageController({
    id: 'silver',
    service: stage,
    times: { ...TIMES, ...times },
    isQuiet: () => false,
    onView: () => {},
    clock,
    log,
    idle: new IdleTracker(),
  })
  const lines = () => log.entries.map((entry) => `${entry.level} ${entry.message}`)
  return { clock, stage, controller, lines, state: () => controller.view.state }
}

async function opened(times: Partial<StageTimes> = {}) {
  const all = setUp(times)
  await all.controller.open()
  return all
}

describe('the controller of a stage', () => {
  it('polls at its pace, faster while a command is under way', async () => {
    const { clock, stage, controller } = await opened()
    await clock.advance(10_000)
    expect(stage.polls).toBe(6)
    stage.startsAs = 'starting'
    void controller.start()
    await clock.advance(0)
    const before = stage.polls
    await clock.advance(10_000)
    expect(stage.polls - before).toBeGreaterThanOrEqual(9)
  })

  it('never asks twice at a time, however slow the answer', async () => {
    const { clock, stage, controller } = setUp()
    let underWay = 0
    let most = 0
    stage.latency = async () => {
      most = Math.max(most, ++underWay)
      await new Promise<void>((resolve) => clock.after(7000, resolve))
      underWay--
    }
    void controller.open()
    for (let second = 0; second < 60; second++) {
      controller.refresh()
      await clock.advance(1000)
    }
    expect(most).toBe(1)
    expect(stage.polls).toBeGreaterThanOrEqual(7)
  })

  it('gives a command once, however often it is asked for', async () => {
    const { clock, stage, controller, state } = await opened()
    stage.startsAs = 'starting'
    const answers = [controller.start(), controller.start()]
    await clock.advance(3000)
    answers.push(controller.start())
    expect(await Promise.all(answers)).toEqual([true, true, true])
    expect(stage.calls).toEqual(['start'])
    expect(state()).toBe('starting')
  })

  it('ends a start under way when it is stopped, and lets its call finish first', async () => {
    const { clock, stage, controller, state } = await opened()
    stage.latency = () => new Promise((resolve) => clock.after(5000, resolve))
    const started = controller.start()
    await clock.advance(1000)
    stage.latency = async () => {}
    const stopped = controller.stop()
    expect(state()).toBe('stopping')
    await clock.advance(3000)
    expect(stage.calls).toEqual(['start'])
    await clock.advance(5000)
    expect(await stopped).toBe(true)
    expect(await started).toBe(false)
    expect(stage.calls).toEqual(['start', 'stop'])
    await clock.advance(3000)
    expect(state()).toBe('stopped')
  })

  it('does not start what is still on its way down', async () => {
    const { clock, stage, controller, state } = await opened()
    stage.become('running')
    await clock.advance(2000)
    stage.stopsAs = 'stopping'
    await controller.stop()
    void controller.start()
    await clock.advance(5000)
    expect(stage.calls).toEqual(['stop'])
    expect(state()).toBe('starting')
    stage.become('stopped')
    await clock.advance(3000)
    expect(stage.calls).toEqual(['stop', 'start'])
    expect(state()).toBe('running')
  })

  it('gives up on a command that comes to no end', async () => {
    const { clock, stage, controller, state, lines } = await opened()
    stage.startsAs = 'starting'
    void controller.start()
    await clock.advance(121_000)
    expect(controller.view).toMatchObject({
      command: undefined,
      detail: 'The start has not come to an end after 2 min; the service says: starting',
    })
    expect(lines().at(-1)).toMatch(/^error The start has not come to an end/)
    stage.become('running')
    await clock.advance(2000)
    expect(state()).toBe('running')
  })

  it('backs off while the service does not answer, and recovers', async () => {
    const { clock, stage, state, lines } = await opened()
    stage.failures.status = Array.from({ length: 5 }, unreachable)
    await clock.advance(2000)
    const before = stage.polls
    await clock.advance(30_000)
    expect(stage.polls - before).toBe(4)
    expect(state()).toBe('unknown')
    await clock.advance(16_000)
    expect(state()).toBe('stopped')
    expect(lines().filter((line) => line.includes('does not answer'))).toHaveLength(1)
    expect(lines()).toContain('info answers again')
  })

  it('waits as long as a throttling service asks', async () => {
    const { clock, stage } = await opened()
    stage.failures.status = [throttled(20_000)]
    await clock.advance(2000)
    const before = stage.polls
    await clock.advance(19_000)
    expect(stage.polls).toBe(before)
    await clock.advance(1500)
    expect(stage.polls).toBe(before + 1)
  })

  it('stops asking when it may not, until the operator does something', async () => {
    const { clock, stage, controller, state } = await opened()
    stage.failures.status = [refusal()]
    await clock.advance(2000)
    expect(state()).toBe('unknown')
    const before = stage.polls
    await clock.advance(600_000)
    expect(stage.polls).toBe(before)
    void controller.start()
    await clock.advance(2000)
    expect(state()).toBe('running')
  })

  it('tries a throttled start again', async () => {
    const { clock, stage, controller, state } = await opened()
    stage.failures.start = [throttled(5000), unreachable()]
    void controller.start()
    await clock.advance(4000)
    expect(controller.view).toMatchObject({ state: 'starting', detail: 'Too many requests.' })
    await clock.advance(10_000)
    expect(stage.calls).toHaveLength(3)
    expect(state()).toBe('running')
  })

  it('tries a start against a resource in the wrong state again for a while', async () => {
    const { clock, stage, controller, state } = await opened()
    const conflict = () => new ServiceError('conflict', 'Stream Analytics', 'The job is being stopped.')
    stage.failures.start = [conflict(), conflict()]
    void controller.start()
    await clock.advance(6000)
    expect(state()).toBe('running')
    stage.become('stopped')
    await clock.advance(2000)
    stage.failures.start = Array.from({ length: 100 }, conflict)
    void controller.start()
    await clock.advance(60_000)
    expect(controller.view).toMatchObject({ state: 'failed', detail: 'The job is being stopped.' })
  })

  it('takes a refusal of a start for final', async () => {
    const { clock, stage, controller } = await opened()
    stage.failures.start = [refusal()]
    expect(await controller.start()).toBe(false)
    await clock.advance(60_000)
    expect(stage.calls).toEqual(['start'])
    expect(controller.view).toMatchObject({
      state: 'failed',
      detail: expect.stringContaining('Ask for CAN MANAGE'),
    })
  })

  it('waits for new roles where that is allowed, says so, and not for ever', async () => {
    const { clock, stage, controller, state } = await opened({
      retryAuthorizationOnStartMs: 600_000,
      commandTimeoutMs: 1_200_000,
    })
    stage.failures.start = Array.from({ length: 5 }, refusal)
    void controller.start()
    await clock.advance(20_000)
    expect(controller.view).toMatchObject({
      state: 'starting',
      detail: expect.stringMatching(
        /^New roles take a few minutes to arrive; trying for 10 min. No permission/,
      ),
    })
    await clock.advance(70_000)
    expect(state()).toBe('running')

    stage.become('stopped')
    await clock.advance(4000)
    stage.failures.start = Array.from({ length: 1000 }, refusal)
    void controller.start()
    await clock.advance(590_000)
    expect(state()).toBe('starting')
    await clock.advance(30_000)
    expect(state()).toBe('failed')
  })

  it('does not wait for roles when nobody is signed in', async () => {
    const { stage, controller } = await opened({ retryAuthorizationOnStartMs: 600_000 })
    stage.failures.start = [
      new ServiceError('authorization', 'Databricks', 'The token has expired.', { needsSignIn: true }),
    ]
    expect(await controller.start()).toBe(false)
    expect(controller.view.detail).toContain('The token has expired.')
    expect(stage.calls).toEqual(['start'])
  })

  it('does not wait for roles when it stops', async () => {
    const { stage, controller } = await opened({ retryAuthorizationOnStartMs: 600_000 })
    stage.become('running')
    stage.failures.stop = [refusal()]
    expect(await controller.stop()).toBe(false)
    expect(stage.calls).toEqual(['stop'])
  })

  it('leaves no timer behind when it is closed', async () => {
    const { clock, stage, controller } = await opened()
    stage.startsAs = 'starting'
    void controller.start()
    await clock.advance(1500)
    await controller.close()
    expect(clock.pending).toBe(0)
  })
})
