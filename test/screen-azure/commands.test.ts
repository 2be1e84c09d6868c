/** `stop` and `status` over the real adapters, whatever the services answer: what they print, and their exit codes. */
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest'
import { runStatus } from '../../src/commands/status.ts'
import { runStop } from '../../src/commands/stop.ts'
import { type AzureRoom, openAzureRoom } from '../support/azure-room.ts'
import { expiredToken, throttled } from '../support/fault-proxy.ts'
import { removeDataFolders } from '../support/local-azure.ts'

let room: AzureRoom
beforeEach(async () => {
  room = await openAzureRoom({ isConnected: false })
})
afterEach(() => room.close())
afterAll(removeDataFolders)

/** Waits are noted, and pass as soon as everything that is ready has happened. */
async function stop() {
  let clock = 0
  const waits: number[] = []
  let text = ''
  const code = await runStop({
    stages: room.target.stages,
    json: false,
    write: (more) => {
      text += more
    },
    now: () => clock,
    sleep: async (ms) => {
      waits.push(ms)
      clock += ms
      await new Promise((resolve) => setImmediate(resolve))
    },
  })
  return { code, text, waits }
}

async function status() {
  let text = ''
  const { target } = room
  const code = await runStatus({ target, json: false, write: (more) => (text += more), now: Date.now })
  return { code, text }
}

const CANCEL = /runs\/cancel/
const LIST = /databricks.*runs\/list/

describe('stop', () => {
  beforeEach(async () => {
    await room.target.stages.silver.start()
    room.engine.last.state = 'running'
  })

  it.each<[string, object]>([
    ['throttling', { respond: throttled(7) }],
    ['a service that is away', { respond: { status: 503, body: { message: 'Away.' } } }],
    ['a cut connection', { cut: 'before' }],
    ['half an answer', { cut: 'midway' }],
  ])('waits out %s, and ends the run', async (_, fault) => {
    room.services.inject({ match: CANCEL, times: 2, ...fault })
    const { code, text } = await stop()
    expect(code).toBe(0)
    expect(text).toMatch(/stopped +Databricks silver run +TERMINATED/)
    expect(room.engine.last.state).toBe('cancelled')
  })

  it('comes back when a throttling service asks it to', async () => {
    room.services.inject({ match: CANCEL, times: 1, respond: throttled(7) })
    expect((await stop()).waits).toContain(7000)
  })

  it.each<[string, object, RegExp]>([
    [
      '403',
      { respond: { status: 403, body: { error_code: 'PERMISSION_DENIED', message: 'Not yours.' } } },
      /PERMISSION_DENIED Not yours[\s\S]*rtstream-tui doctor/,
    ],
    ['an expired token', { respond: expiredToken }, /access token has expired[\s\S]*az login/],
    ['an error of the service', { respond: { status: 500, body: { message: 'It broke.' } } }, /It broke/],
    ['junk', { malformed: true }, /not JSON/],
  ])('on %s says what could not be stopped and why, and that it may cost', async (_, fault, shown) => {
    const mended = room.services.inject({ match: LIST, ...fault })
    const { code, text } = await stop()
    expect(code).toBe(1)
    expect(text).toMatch(/not stopped +Databricks silver run/)
    expect(text).toMatch(shown)
    expect(text).toMatch(/2 of 4 may still run and cost money/)
    expect(text).toMatch(/was stopped +Stream Analytics job/)
    mended()
    expect((await stop()).code).toBe(0)
  })
})

describe('status', () => {
  it.each<[string, object, RegExp]>([
    ['403', { respond: { status: 403, body: { message: 'Not yours.' } } }, /silver.*Not yours/],
    ['an expired token', { respond: expiredToken }, /silver.*access token has expired/],
    ['throttling', { respond: throttled(7) }, /silver.*Too many requests/],
    ['503', { respond: { status: 503, body: { message: 'Away.' } } }, /silver.*Away/],
    ['junk', { malformed: true }, /silver.*not JSON/],
    ['a cut connection', { cut: 'before' }, /silver.*cannot be reached/],
  ])('on %s from one service shows the rest, and exits with 1', async (_, fault, shown) => {
    room.services.inject({ match: LIST, ...fault })
    const { code, text } = await status()
    expect(code).toBe(1)
    expect(text).toMatch(shown)
    expect(text).toMatch(/stream analytics +stopped \(Created\)/)
    expect(text).toMatch(/hub +0 events in 2 partitions/)
  })

  it('names every service while the network is away', async () => {
    room.hub.cut()
    room.services.inject({ cut: 'before' })
    room.lake.inject({ cut: 'before' })
    const { code, text } = await status()
    expect(code).toBe(1)
    for (const name of ['stream analytics', 'silver', 'gold', 'aggregate', 'hub'])
      expect(text).toMatch(new RegExp(`${name} .*(reached|answer|cut)`))
  })
})
