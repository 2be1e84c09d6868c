/** What a person sees on Azure while stages run: failures, other people's hands, refusals, a network that goes away. */
import { afterAll, afterEach, describe, expect, it, vi } from 'vitest'
import { hubError } from '../../src/azure/errors/event-hubs-error.ts'
import { SendError } from '../../src/pipeline/ports/hub.ts'
import { type AzureRoom, openAzureRoom } from '../support/azure-room.ts'
import { expiredToken, throttled } from '../support/fault-proxy.ts'
import { removeDataFolders } from '../support/local-azure.ts'

// Half an hour of the clock is a thousand questions to the services, which takes a busy machine its time.
vi.setConfig({ testTimeout: 120_000 })

let room: AzureRoom
afterEach(() => room.close())
afterAll(removeDataFolders)

const MINUTE = 60_000
const RUNS = /databricks.*jobs\/runs\/list/
const JOB = /^GET .*streamingjobs\/[^/]+\?/

/** A room in which silver runs. */
async function silverRuns(): Promise<AzureRoom> {
  room = await openAzureRoom()
  room.press('3')
  await room.see(/waiting for the cluster/)
  room.engine.last.state = 'running'
  await room.see(/● RUNNING/)
  return room
}

describe('a run that fails', () => {
  it('of Databricks shows its error in the panel, in the log, and zoomed beside the runs before', async () => {
    await silverRuns()
    room.engine.last.fail('AnalysisException: cannot resolve column humidity')
    await room.see(/✗ silver/)
    expect(room.panel('databricks')).toMatch(/silver +AnalysisException: cannot resolve column humidity/)
    expect(room.panel('log')).toContain('AnalysisException')
    room.press('3')
    await room.see(/waiting for the cluster/)
    room.press('tab', 'tab', 'tab', 'tab', 'return')
    expect(room.text()).toMatch(/history of silver/)
    expect(room.text()).toMatch(/✗ .*TERMINATED RUN_EXECUTION_ERROR/)
  })

  it('of Synapse shows its message', async () => {
    room = await openAzureRoom()
    room.press('5')
    await room.see(/InProgress|Queued/)
    room.engine.last.fail('The pool spark has no cores left')
    await room.see(/✗ aggregate/)
    expect(room.panel('synapse')).toContain('The pool spark has no cores left')
  })

  it('of Stream Analytics shows what the service says about its output', async () => {
    room = await openAzureRoom()
    room.services.inject({
      match: /\/outputs\?/,
      respond: {
        status: 200,
        body: {
          value: [
            {
              name: 'bronze',
              properties: {
                diagnostics: {
                  conditions: [{ since: '2026-11-24T02:00:00Z', message: 'Access to bronze was denied.' }],
                },
              },
            },
          ],
        },
      },
    })
    room.services.inject({
      match: JOB,
      respond: { status: 200, body: { properties: { jobState: 'Failed' } } },
    })
    await room.see(/✗ stream analytics/)
    expect(room.panel('stream analytics')).toContain('Access to bronze was denied.')
  })
})

describe('what others do', () => {
  it('a run that was started elsewhere before is adopted, and its key stops it', async () => {
    room = await openAzureRoom({ isConnected: false })
    await room.target.stages.gold.start()
    room.engine.last.state = 'running'
    await room.connect()
    expect(room.text()).toMatch(/● gold/)
    expect(room.panel('log')).toMatch(/gold +runs already, adopted: RUNNING/)
    room.press('4')
    await room.see(/○ gold/)
    expect(room.engine.last.state).toBe('cancelled')
  })

  it('a run that is started elsewhere meanwhile shows by itself, and no second one is started', async () => {
    room = await openAzureRoom()
    await room.target.stages.silver.start()
    room.engine.last.state = 'running'
    await room.see(/● silver/)
    expect(room.panel('log')).toMatch(/silver +runs/)
    await room.target.stages.silver.start()
    expect(room.engine.runs).toHaveLength(1)
  })

  it('a run that is cancelled elsewhere is shown so, and its key starts the next', async () => {
    await silverRuns()
    await room.target.stages.silver.stop()
    await room.see(/○ silver/)
    expect(room.panel('databricks')).toMatch(/○ TERMINATED/)
    room.press('3')
    await room.see(/waiting for the cluster/)
    expect(room.engine.runs).toHaveLength(2)
  })

  it('a job that is deleted says so with the command that makes it; made anew it is back by itself', async () => {
    await silverRuns()
    const gone = [
      room.services.inject({ match: /databricks.*jobs\/list/, respond: { status: 200, body: {} } }),
      room.services.inject({
        match: RUNS,
        respond: {
          status: 400,
          body: { error_code: 'INVALID_PARAMETER_VALUE', message: 'Job 100 does not exist.' },
        },
      }),
    ]
    await room.see(/✗ silver/)
    expect(room.panel('databricks')).toContain(
      'The Databricks job rtstream-silver does not exist. — rtstream-tui setup creates it.',
    )
    for (const remove of gone) remove()
    await room.see(/● silver/, 2 * MINUTE)
    expect(room.panel('databricks')).not.toContain('does not exist')
  })

  it('a Stream Analytics job that is deleted says so', async () => {
    room = await openAzureRoom()
    room.services.inject({
      match: JOB,
      respond: {
        status: 404,
        body: { error: { code: 'ResourceNotFound', message: 'The job was not found.' } },
      },
    })
    await room.see(/✗ stream analytics/)
    expect(room.panel('stream analytics')).toContain(
      'The job was not found. — Check the names in the configuration (rtstream-tui config).',
    )
  })

  it('a job that is scaled elsewhere goes on, with its new units', async () => {
    room = await openAzureRoom()
    room.services.inject({
      match: JOB,
      respond: {
        status: 200,
        body: { properties: { jobState: 'Scaling', transformation: { properties: { streamingUnits: 6 } } } },
      },
    })
    await room.see(/● Scaling/)
    expect(room.panel('stream analytics')).toMatch(/units +6/)
  })
})

describe('a service that answers badly', () => {
  it.each<[string, object, RegExp]>([
    ['an error of its own', { respond: { status: 500, body: { message: 'It broke.' } } }, /500 It broke/],
    ['503', { respond: { status: 503, body: { message: 'Come back.' } } }, /503 Come back/],
    ['too many requests', { respond: throttled(1) }, /TooManyRequests/],
    ['junk', { malformed: true }, /something that is not JSON/],
    ['nothing, cut off', { cut: 'before' }, /cannot be reached/],
    ['half of it', { cut: 'midway' }, /cannot be reached/],
  ])('with %s keeps its last state for a while, then is unknown, then back', async (_, fault, shown) => {
    await silverRuns()
    const mended = room.services.inject({ match: RUNS, ...fault })
    await room.seeIn('databricks', shown)
    expect(room.text()).toMatch(/● silver/)
    await room.see(/\? silver/, 2 * MINUTE)
    expect(room.panel('databricks')).toMatch(shown)
    mended()
    await room.see(/● silver/, 2 * MINUTE)
    expect(room.panel('databricks')).not.toMatch(shown)
    await room.seeIn('log', /silver +answers again/)
  })

  it('as slowly as it likes is asked one question at a time', async () => {
    await silverRuns()
    room.services.inject({ match: RUNS, delayMs: 150 })
    const before = room.services.requests.length
    await room.advance(20_000)
    expect(room.text()).toMatch(/● silver/)
    expect(room.services.requests.length - before).toBeLessThan(40)
  })

  it('with 403 is not asked again until a key is pressed, and the reason stands there', async () => {
    await silverRuns()
    const granted = room.services.inject({
      match: RUNS,
      respond: {
        status: 403,
        body: { error_code: 'PERMISSION_DENIED', message: 'No permission to view runs.' },
      },
    })
    await room.seeIn('databricks', /PERMISSION_DENIED No permission to view runs.*rtstream-tui doctor/)
    const asked = () => room.services.requests.filter(({ path }) => RUNS.test(`GET ${path}`)).length
    await room.advance(10_000)
    const before = asked()
    await room.advance(MINUTE)
    // Gold asks on.
    expect(asked() - before).toBeLessThan(40)
    granted()
    room.press('3')
    await room.see(/● silver/)
  })
})

describe('a sign-in that has run out', () => {
  it('says az login, and after it one key brings everything back', async () => {
    await silverRuns()
    room.press('1')
    await room.see(/● generator/)
    room.token.isRefused = true
    await room.see(/no token for Databricks: .*refresh token has expired/, 2 * MINUTE)
    expect(room.panel('databricks')).toContain('az login')
    expect(room.panel('stream analytics')).toMatch(/sign in|az login/i)
    await room.advance(MINUTE)
    room.token.isRefused = false
    const before = room.services.requests.length
    room.press('3')
    await room.see(/● silver/)
    await room.advance(40_000)
    const asked = room.services.requests
      .slice(before)
      .map(({ path }) => path)
      .join('\n')
    expect(asked).toMatch(/streamingjobs/)
    expect(asked).toMatch(/metrics:getBatch/)
    expect(asked).toMatch(/queryPipelineRuns/)
    expect(room.panel('stream analytics')).not.toMatch(/az login|sign in/i)
    expect(room.panel('lake')).not.toMatch(/✗/)
  })

  it('as the services see it (401) names the expired token', async () => {
    await silverRuns()
    const renewed = room.services.inject({ match: /databricks/, respond: expiredToken })
    await room.seeIn('databricks', /ExpiredAuthenticationToken The access token has expired.*az login/)
    await room.see(/\? silver.*\? gold/)
    renewed()
    room.press('3')
    await room.see(/● silver.*○ gold/)
  })
})

describe('a network that is away for two minutes', () => {
  it('is shown on every service, keeps the readings, and comes back without a key and without loss', async () => {
    await silverRuns()
    room.press('1')
    await room.see(/acknowledged [1-9]/)
    room.press('2')
    await room.see(/● stream analytics/)
    room.hub.cut()
    const back = [room.services.inject({ cut: 'before' }), room.lake.inject({ cut: 'before' })]
    room.services.cutAll()
    room.lake.cutAll()
    await room.advance(2 * MINUTE)
    const text = room.text()
    expect(text).toMatch(/waiting [1-9]/)
    expect(room.panel('databricks')).toMatch(/cannot be reached/)
    expect(room.panel('stream analytics')).toMatch(/does not answer/)
    expect(room.panel('event hub')).toMatch(/was cut|does not answer/)
    expect(room.panel('lake')).toMatch(/✗/)
    expect(room.panel('databricks')).toMatch(/(\d+ s|\d+ min) old/)
    room.hub.mend()
    for (const mend of back) mend()
    await room.see(/● silver/, 2 * MINUTE)
    await room.see(/● stream analytics/, 2 * MINUTE)
    await room.see(/waiting 0/, 2 * MINUTE)
    room.press('1')
    await room.see(/○ generator/)
    await room.advance(MINUTE)
    const { generator, hub, ledger } = room.session.store.getState()
    expect(hub.enqueued).toBe(generator.sent)
    expect(ledger.lost).toBe(0)
    expect(room.panel('event hub')).not.toMatch(/was cut|does not answer/)
    expect(room.panel('lake')).not.toMatch(/✗/)
  })
})

describe('an event hub at its limit', () => {
  it('(ServerBusy 50002) is named with its words; readings wait and none is lost', async () => {
    room = await openAzureRoom()
    const { send } = room.target.producer
    let isBusy = true
    room.producer.send = async (events, signal) => {
      if (isBusy)
        throw new SendError(
          events,
          hubError({
            name: 'MessagingError',
            code: 'ServerBusyError',
            message:
              'The request was terminated because the namespace is being throttled. Error code : 50002.',
            retryable: true,
          }),
        )
      return send(events, signal)
    }
    room.press('1')
    await room.seeIn('event rate', /fewer stations \(-\), or more units/)
    expect(room.panel('event rate')).toContain('being throttled. Error code : 50002')
    expect(room.text()).toMatch(/waiting [1-9]/)
    isBusy = false
    await room.see(/waiting 0/)
    room.press('1')
    await room.see(/○ generator/)
    await room.advance(MINUTE)
    const { generator, hub } = room.session.store.getState()
    expect(generator.sent).toBeGreaterThan(0)
    expect(hub.enqueued).toBe(generator.sent)
  })
})

describe('metrics', () => {
  it('show their age', async () => {
    room = await openAzureRoom()
    const at = new Date(room.clock.now() - 2 * MINUTE)
    const metric = (name: string, field: string, value: number) => ({
      name: { value: name },
      timeseries: [{ data: [{ timeStamp: at.toISOString(), [field]: value }] }],
    })
    room.services.inject({
      match: /metrics:getBatch/,
      respond: {
        status: 200,
        body: {
          values: [
            {
              starttime: at.toISOString(),
              endtime: at.toISOString(),
              resourceid: 'x',
              namespace: 'x',
              resourceregion: 'x',
              value: [metric('InputEvents', 'total', 7), metric('OutputWatermarkDelaySeconds', 'average', 9)],
            },
          ],
        },
      },
    })
    room.press('2')
    await room.seeIn('stream analytics', /delay 9.0 s|watermark +9.0 s/)
    await room.advance(3 * MINUTE)
    await room.seeIn('stream analytics', /metrics [45] min old/)
    room.press('tab', 'tab', 'return')
    await room.see(/metrics +[45] min old/)
  })

  it('that are refused leave the rest alone, and the log says what to do', async () => {
    room = await openAzureRoom({ isConnected: false })
    room.services.inject({
      match: /metrics:getBatch|Microsoft.Insights/,
      respond: { status: 403, body: { error: { code: 'Forbidden', message: 'No role on the job.' } } },
    })
    await room.connect()
    await room.seeIn('log', /metrics +Azure Monitor/)
    expect(room.text()).toMatch(/○ stream analytics/)
  })
})

describe('a lake that refuses', () => {
  it.each([
    [403, 'AuthorizationPermissionMismatch', /AuthorizationPermissionMismatch|not authorized|doctor/],
    [503, 'ServerBusy', /ServerBusy|busy|503/i],
  ])('(%i) names the layer and the reason, and the stages go on', async (status, code, shown) => {
    await silverRuns()
    const mended = room.lake.inject({
      match: /\/silver\b|\/silver\?/,
      respond: {
        status,
        headers: { 'x-ms-error-code': code },
        body: { error: { code, message: `${code}.` } },
      },
    })
    await room.seeIn('lake', /✗/)
    expect(room.panel('lake')).toMatch(shown)
    expect(room.text()).toMatch(/● silver/)
    mended()
    await room.advance(MINUTE)
    expect(room.panel('lake')).not.toMatch(/✗/)
  })
})
