/** What keeps a bill from running by accident: questions, the meter, idle stop, read-only; as a person sees it. */
import { afterAll, afterEach, describe, expect, it, vi } from 'vitest'
import { billingNotice } from '../../src/commands/shared/billing-notice.ts'
import { type AzureRoom, type AzureRoomOptions, openAzureRoom } from '../support/azure-room.ts'
import { removeDataFolders } from '../support/local-azure.ts'

// Minutes of the clock are hundreds of questions to the services, which takes a busy machine its time.
vi.setConfig({ testTimeout: 120_000 })

let room: AzureRoom
afterEach(() => room.close())
afterAll(removeDataFolders)

const MINUTE = 60_000
const posts = () =>
  room.services.requests
    .filter(({ method, path }) => method === 'POST' && /start\?|run-now|createRun|stop\?|cancel/.test(path))
    .map(({ path }) => /start(?=\?)|run-now|createRun|stop(?=\?)|cancel/.exec(path)?.[0])

async function open(options: AzureRoomOptions = {}) {
  room = await openAzureRoom(options)
}
async function jobRuns() {
  room.press('2')
  await room.see(/● Running/)
}

describe('starting what costs', () => {
  it('asks once per session, before anything has been started', async () => {
    await open({ acceptCosts: false })
    room.press('2')
    expect(room.text()).toMatch(/start on Azure\?/)
    expect(room.text()).toMatch(/that cost money until they are/)
    expect(room.text()).toMatch(/Asked once/)
    await room.advance(5000)
    expect(posts()).toEqual([])
    room.press('n')
    expect(room.text()).not.toMatch(/start on Azure/)
    room.press('a')
    expect(room.text()).toMatch(/start on Azure\?/)
    room.press('n', '3', 'y')
    await room.see(/waiting for the cluster/)
    room.press('2')
    expect(room.text()).not.toMatch(/start on Azure/)
    await room.see(/● Running/)
    expect(posts()).toEqual(['run-now', 'start'])
  })

  it('does not ask about the generator, nor with --accept-costs, nor to stop', async () => {
    await open({ acceptCosts: false })
    room.press('1')
    await room.see(/● generator/)
    await room.close()
    await open({ acceptCosts: true })
    room.press('2')
    expect(room.text()).not.toMatch(/start on Azure/)
    await room.see(/● Running/)
    room.press('2')
    await room.see(/○ Stopped/)
  })
})

describe('the meter in the header', () => {
  it('shows dollars per hour of what runs, and what was spent, as an estimate', async () => {
    await open()
    expect(room.text()).toMatch(/≈ \$0.08\/h +\$0.00 spent/)
    await jobRuns()
    room.press('3')
    await room.see(/waiting for the cluster/)
    await room.see(/≈ \$0.[56]\d\/h/)
    await room.advance(12 * MINUTE)
    expect(room.text()).toMatch(/≈ \$0.[56]\d\/h +\$0.1[0-4] spent/)
    room.press('x', 'y')
    await room.see(/≈ \$0.08\/h/)
  })
})

describe('q', () => {
  it('asks also where nothing that costs runs, and offers nothing to leave', async () => {
    await open()
    room.press('1')
    await room.see(/● generator/)
    room.press('q')
    expect(room.text()).toMatch(/1 of 5 stages run, and end with this window/)
    room.press('q')
    expect(room.quits).toEqual([{ stopAll: false }])
  })

  it('with a job running offers to stop all, to leave it running, and to go back', async () => {
    await open()
    await jobRuns()
    room.press('q')
    for (const words of [
      /Stages still run on Azure, ≈ \$0.\d\d\/h/,
      /stop all and quit/,
      /leave them running/,
      /esc +stay/,
    ])
      expect(room.text()).toMatch(words)
    room.press('escape')
    expect(room.text()).not.toMatch(/stop all and quit/)
    expect(room.quits).toEqual([])
    room.press('q', 'l')
    expect(room.quits).toEqual([{ stopAll: false }])
    await room.advance(2000)
    expect(room.text()).toMatch(/● stream analytics/)
    expect(posts()).toEqual(['start'])
    expect(billingNotice(room.session.store.getState())).toMatch(
      /Left on Azure, ≈ \$0.\d\d\/h: the Stream Analytics job \(Running\).\nStop it: rtstream-tui stop --target azure/,
    )
  })

  it('asks also when what ran cannot be seen any more', async () => {
    await open()
    await jobRuns()
    room.services.inject({ cut: 'before' })
    await room.see(/\? stream analytics/, 2 * 60_000)
    room.press('q')
    expect(room.text()).toMatch(/leave them running/)
    expect(room.quits).toEqual([])
  })

  it('s stops all, and the drain waits until it is stopped', async () => {
    await open()
    await jobRuns()
    room.press('3')
    await room.see(/waiting for the cluster/)
    room.press('q', 's')
    expect(room.quits).toEqual([{ stopAll: true }])
    await room.finish(room.session.drain({ patienceMs: 5000 }))
    expect(room.text()).toMatch(/○ stream analytics.*○ silver/)
    expect(posts().toSorted()).toEqual(['cancel', 'run-now', 'start', 'stop'])
    expect(billingNotice(room.session.store.getState())).toBe(
      'Nothing runs on Azure any more. What stands there costs ≈ $0.08/h until azd down.\n',
    )
  })

  it('what cannot be stopped is named, and does not keep the rest from stopping', async () => {
    await open()
    await jobRuns()
    room.press('3')
    await room.see(/waiting for the cluster/)
    room.services.inject({
      match: /runs\/cancel/,
      respond: { status: 403, body: { error_code: 'PERMISSION_DENIED', message: 'Not your run.' } },
    })
    await room.finish(room.session.drain({ patienceMs: 5000 }))
    expect(room.text()).toMatch(/○ stream analytics/)
    expect(room.panel('databricks')).toMatch(/PERMISSION_DENIED Not your run/)
    expect(billingNotice(room.session.store.getState())).toMatch(/Left on Azure.*: silver \(PENDING\)/)
  })
})

describe('--idle-stop', () => {
  it('stops everything after that long without a key, and says why', async () => {
    await open({ idleStop: 10 * MINUTE })
    await jobRuns()
    room.press('3')
    await room.see(/waiting for the cluster/)
    await room.advance(8 * MINUTE)
    room.press('tab')
    await room.advance(8 * MINUTE)
    expect(room.text()).toMatch(/● stream analytics/)
    await room.advance(3 * MINUTE)
    expect(room.text()).toMatch(/○ stream analytics.*○ silver/)
    expect(room.panel('log')).toMatch(/you +Stopping all stages: no key for 10 min/)
    expect(posts().toSorted()).toEqual(['cancel', 'run-now', 'start', 'stop'])
  })

  it('stops also what others start beside the forgotten window', async () => {
    await open({ idleStop: 5 * MINUTE })
    await room.advance(6 * MINUTE)
    await room.finish(room.target.stages.silver.start())
    await room.see(/◐ silver/)
    await room.see(/○ silver/, 6 * MINUTE)
  })
})

describe('--read-only', () => {
  it('says so in the header, watches, and refuses every control with the reason', async () => {
    await open({ readOnly: true, idleStop: 5 * MINUTE })
    expect(room.text().split('\n')[0]).toMatch(/read-only/)
    await room.finish(room.target.stages.gold.start())
    room.engine.last.state = 'running'
    await room.see(/● gold/)
    const before = posts()
    for (const key of ['1', '2', '3', '4', '5', 'a', 'x', '+', '-', 'n', 'b', 'd']) {
      room.press(key)
      expect(room.text().split('\n').at(-1)).toMatch(
        /Read-only: every control is off. Start without --read-only/,
      )
    }
    await room.advance(6 * MINUTE)
    expect(posts()).toEqual(before)
    expect(room.text()).toMatch(/● gold/)
    room.press('q')
    expect(room.quits).toEqual([{ stopAll: false }])
  })
})
