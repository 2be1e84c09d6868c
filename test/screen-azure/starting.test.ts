/** What a person sees on Azure between pressing a stage's key and its running, whatever the services answer. */
import { afterAll, afterEach, describe, expect, it, vi } from 'vitest'
import { type AzureRoom, openAzureRoom, type PanelTitle } from '../support/azure-room.ts'
import { type Answer, throttled } from '../support/fault-proxy.ts'
import { removeDataFolders } from '../support/local-azure.ts'

// Half an hour of the clock is a thousand questions to the services, which takes a busy machine its time.
vi.setConfig({ testTimeout: 120_000 })

let room: AzureRoom
afterEach(() => room.close())
afterAll(removeDataFolders)

const MINUTE = 60_000
const START_JOB = /^POST .*\/streamingjobs\/[^/]+\/start\?/
const RUN_NOW = /^POST .*\/jobs\/run-now/
const CREATE_RUN = /^POST .*\/createRun\?/

const arm = (status: number, code: string, message: string): Answer => ({
  status,
  body: { error: { code, message } },
})
const noRole = arm(403, 'AuthorizationFailed', 'The client does not have authorization over the scope.')
const starts = (path: RegExp) =>
  room.services.requests.filter((request) => path.test(`${request.method} ${request.path}`))

/** Stage, key, panel, what its start is, how long it usually takes, and what the service says once it has taken it. */
const STAGES = [
  ['stream analytics', '2', 'stream analytics', START_JOB, '90 s', /● Running/],
  ['silver', '3', 'databricks', RUN_NOW, '5 min', /waiting for the cluster/],
  ['aggregate', '5', 'synapse', CREATE_RUN, '3 min', /Queued|InProgress/],
] as const

describe('roles that have not arrived', () => {
  it.each(STAGES)(
    'of %s: the start goes on, with the reason, until they have',
    async (name, key, panel, path, usual, taken) => {
      room = await openAzureRoom()
      const arrived = room.services.inject({ match: path, respond: noRole })
      room.press(key)
      await room.advance(40_000)
      expect(room.panel(panel)).toMatch(
        new RegExp(
          `starting, 40 s of about ${usual}: New roles take a few minutes to arrive; trying for 10 min`,
        ),
      )
      expect(room.panel(panel)).toContain('does not have authorization')
      expect(room.text()).toContain(`◐ ${name}`)
      expect(starts(path)).toHaveLength(3)
      arrived()
      await room.seeIn(panel, taken, 20_000)
      expect(room.panel(panel)).not.toContain('New roles')
    },
  )

  it.each(STAGES)(
    'of %s: after ten minutes it fails and says why; its key tries again',
    async (name, key, panel, path, _, taken) => {
      room = await openAzureRoom()
      const arrived = room.services.inject({ match: path, respond: noRole })
      room.press(key)
      await room.advance(9 * MINUTE)
      expect(room.text()).toContain(`◐ ${name}`)
      await room.advance(1.5 * MINUTE)
      expect(room.text()).toContain(`✗ ${name}`)
      expect(room.panel(panel)).toMatch(/does not have authorization over the scope/)
      expect(room.panel('log')).toMatch(/start refused/)
      const tried = starts(path).length
      expect(tried).toBeGreaterThan(35)
      expect(tried).toBeLessThanOrEqual(41)
      await room.advance(MINUTE)
      expect(starts(path)).toHaveLength(tried)
      arrived()
      room.press(key)
      await room.seeIn(panel, taken, 20_000)
    },
  )

  it.each<[string, string, PanelTitle, RegExp, Answer, RegExp]>([
    [
      'a second factor is wanted',
      '2',
      'stream analytics',
      START_JOB,
      arm(
        403,
        'RequestDisallowedByPolicy',
        "Resource 'asa' was disallowed by policy. Reasons: 'MFA is required. See https://aka.ms/MFAforAzure'.",
      ),
      /disallowed by policy.*— Azure asks for a sign-in with a second factor: az logout.*as a service principal\./,
    ],
    [
      'a lock lies on the group',
      '2',
      'stream analytics',
      START_JOB,
      arm(
        409,
        'ScopeLocked',
        "The scope '/subscriptions/x' cannot perform write operation because following scope(s) are locked: '/subscriptions/x/resourceGroups/rg'. Please remove the lock and try again.",
      ),
      /cannot perform write operation.*— A lock on the resource or its group forbids it: az lock list shows it, an owner removes it\./,
    ],
    [
      'the workspace does not know who asks',
      '3',
      'databricks',
      RUN_NOW,
      { status: 403, body: '<html><title>Error 403 User not authorized.</title></html>' },
      /User not authorized.*Launch Workspace/,
    ],
    [
      'a firewall is shut',
      '5',
      'synapse',
      CREATE_RUN,
      {
        status: 403,
        body: { code: 'ClientIpAddressNotAuthorized', message: 'Client Ip address : 203.0.113.7' },
      },
      /203\.0\.113\.7.*rtstream-tui setup adds its address/,
    ],
  ])(
    'are not what is missing where %s: the start is refused at once',
    async (_, key, panel, path, respond, told) => {
      room = await openAzureRoom()
      room.services.inject({ match: path, respond })
      room.press(key)
      await room.seeIn(panel, told, 5000)
      expect(room.panel(panel)).not.toContain('New roles')
      await room.advance(MINUTE)
      expect(starts(path)).toHaveLength(1)
    },
  )

  it('of a stop are not waited for: it is refused at once, and the job shown as it is', async () => {
    room = await openAzureRoom()
    room.press('2')
    await room.see(/● Running/)
    room.services.inject({ match: /\/stop\?/, respond: noRole })
    room.press('2')
    await room.seeIn('stream analytics', /Running.*does not have authorization over the scope/)
    expect(room.panel('log')).toMatch(/stop refused/)
    expect(room.text()).toMatch(/● stream analytics/)
    await room.advance(MINUTE)
    expect(starts(/\/stop\?/)).toHaveLength(1)
  })
})

describe('a sign-in that has run out', () => {
  it.each(STAGES)(
    'is no new role: the start of %s is refused at once, and says az login',
    async (name, key, panel, _path, _, taken) => {
      room = await openAzureRoom()
      room.token.isRefused = true
      room.press(key)
      await room.seeIn(panel, /AADSTS700082.*az login/, 5000)
      expect(room.panel(panel)).not.toContain('New roles')
      expect(room.text()).not.toContain(`◐ ${name}`)
      room.token.isRefused = false
      // The first key asks how the stage is, the next one starts it.
      room.press(key)
      await room.see(new RegExp(`[○✗] ${name}`), 5000)
      room.press(key)
      await room.seeIn(panel, taken, 20_000)
    },
  )
})

describe('a start of the job that is accepted and comes to nothing', () => {
  it('says why, and its key tries again', async () => {
    room = await openAzureRoom()
    const headers = { 'azure-asyncoperation': `${room.services.url}/operation` }
    room.services.inject({ match: START_JOB, times: 1, respond: { status: 202, headers } })
    const under = { status: 200, body: { status: 'InProgress' } }
    room.services.inject({ match: /\/operation/, times: 3, respond: under })
    const error = { code: 'BadRequest', message: 'The input weather is not reachable.' }
    room.services.inject({
      match: /\/operation/,
      respond: { status: 200, body: { status: 'Failed', error } },
    })
    room.press('2')
    await room.see(/◐ stream analytics/)
    await room.seeIn('stream analytics', /The input weather is not reachable/, 40_000)
    expect(room.text()).toContain('✗ stream analytics')
    await room.seeIn('log', /analytics +The start failed: BadRequest\. The input/)
    room.press('2')
    await room.seeIn('stream analytics', /● Running/, 20_000)
    expect(room.panel('stream analytics')).not.toContain('not reachable')
  })

  it('is told from one whose outcome is cut off in the middle of the answer: that is given again', async () => {
    room = await openAzureRoom()
    const headers = { 'azure-asyncoperation': `${room.services.url}/operation` }
    room.services.inject({ match: START_JOB, times: 1, respond: { status: 202, headers } })
    room.services.inject({ match: /\/operation/, times: 1, cut: 'midway' })
    room.press('2')
    await room.seeIn('stream analytics', /answer of Stream Analytics was cut off|● Running/, 5000)
    await room.seeIn('stream analytics', /● Running/, 40_000)
  })
})

describe('a start that the service does not take', () => {
  it('for too many requests is given again after the time that it asks for', async () => {
    room = await openAzureRoom()
    room.services.inject({ match: RUN_NOW, times: 1, respond: throttled(30) })
    room.press('3')
    await room.advance(25_000)
    expect(room.panel('databricks')).toMatch(/silver +starting, 25 s of about 5 min: .*Too many requests/)
    expect(starts(RUN_NOW)).toHaveLength(1)
    await room.see(/waiting for the cluster/, 10_000)
    expect(starts(RUN_NOW)).toHaveLength(2)
  })

  it.each<[string, object, RegExp]>([
    ['away for a moment (503)', { respond: arm(503, 'ServiceUnavailable', 'Busy.') }, /starting, .*Busy/],
    ['cut off', { cut: 'before' }, /starting, .*cannot be reached/],
    ['cut off in the middle of its answer', { cut: 'midway' }, /starting, .*cannot be reached|waiting for/],
  ])('%s is given again, and runs once', async (_, fault, shown) => {
    room = await openAzureRoom()
    room.services.inject({ match: RUN_NOW, times: 3, ...fault })
    room.press('3')
    await room.seeIn('databricks', shown, 10_000)
    await room.see(/waiting for the cluster/, 30_000)
    await room.advance(30_000)
    expect(room.engine.runs).toHaveLength(1)
  })

  it('with an error of its own (500) fails with the words of the service; the key tries again', async () => {
    room = await openAzureRoom()
    room.services.inject({
      match: RUN_NOW,
      times: 1,
      respond: { status: 500, body: { error_code: 'INTERNAL_ERROR', message: 'The workspace broke down.' } },
    })
    room.press('3')
    await room.see(/✗ silver/)
    expect(room.text()).toMatch(/INTERNAL_ERROR The workspace broke down/)
    room.press('3')
    await room.see(/waiting for the cluster/)
  })

  it('in words that nobody understands is believed when the run shows', async () => {
    room = await openAzureRoom()
    room.services.inject({ match: RUN_NOW, times: 1, malformed: true })
    room.press('3')
    await room.see(/waiting for the cluster|PENDING/, 10_000)
    expect(room.panel('log')).toMatch(/Databricks answered something that is no/)
    expect(room.engine.runs).toHaveLength(1)
  })

  it('because of the state of the job (409) is tried for half a minute, then refused with the reason', async () => {
    room = await openAzureRoom()
    room.services.inject({
      match: START_JOB,
      respond: arm(409, 'Conflict', 'Another operation is in progress.'),
    })
    room.press('2')
    await room.advance(20_000)
    expect(room.panel('stream analytics')).toMatch(
      /starting, 20 s of about 90 s: .*Another operation is in progress/,
    )
    await room.see(/✗ stream analytics/, 30_000)
    expect(room.panel('stream analytics')).toContain('Another operation is in progress')
    expect(room.panel('log')).toContain('start refused')
  })

  it.each<[string, string, RegExp]>([
    ['job of Stream Analytics', '2', /streamingjobs/],
    ['pipeline of Synapse', '5', /createRun/],
  ])('because there is no such %s says so, and where to look', async (_, key, path) => {
    room = await openAzureRoom()
    room.services.inject({ match: path, respond: arm(404, 'ResourceNotFound', 'It was not found.') })
    room.press(key)
    await room.see(/✗ (stream analytics|aggregate)/)
    expect(room.text()).toMatch(/It was not found/)
  })

  it('because the Databricks job is not there names the command that makes it', async () => {
    room = await openAzureRoom()
    room.services.inject({ match: /databricks.*jobs\/list/, respond: { status: 200, body: {} } })
    room.services.inject({
      match: /databricks/,
      respond: {
        status: 404,
        body: { error_code: 'RESOURCE_DOES_NOT_EXIST', message: 'Job 1 does not exist.' },
      },
    })
    room.press('3')
    await room.see(/✗ silver/)
    expect(room.panel('databricks')).toContain(
      'The Databricks job rtstream-silver does not exist. — rtstream-tui setup creates it.',
    )
  })
})

describe('a start that takes minutes', () => {
  const pending = (queue: object = {}) => ({
    status: 200,
    body: { runs: [{ run_id: 7, start_time: Date.now(), status: { state: 'PENDING', ...queue } }] },
  })

  it('shows how long it takes, how long it usually does, and the reason of the service', async () => {
    room = await openAzureRoom()
    room.press('3')
    await room.see(/waiting for the cluster/)
    room.services.inject({
      match: /jobs\/runs\/list/,
      respond: pending({
        queue_details: { code: 'CLUSTER_STARTUP', message: 'Finding instances of Standard_D4s_v3.' },
      }),
    })
    await room.advance(4 * MINUTE)
    expect(room.text()).toMatch(/◐ PENDING/)
    expect(room.panel('databricks')).toMatch(
      /silver +starting, 4 min of about 5 min: Finding instances of Stan/,
    )
    await room.advance(3 * MINUTE)
    expect(room.text()).toMatch(/starting, 7 min of about 5 min/)
  })

  it('is given up after twenty minutes with the last word of the service', async () => {
    room = await openAzureRoom()
    room.services.inject({
      match: /^GET .*streamingjobs\/[^/]+\?/,
      respond: { status: 200, body: { properties: { jobState: 'Created' } } },
      times: 2,
    })
    room.services.inject({
      match: /^GET .*streamingjobs\/[^/]+\?/,
      respond: { status: 200, body: { properties: { jobState: 'Starting' } } },
    })
    room.press('2')
    await room.advance(2 * MINUTE)
    expect(room.text()).toMatch(/◐ Starting/)
    expect(room.text()).toMatch(/starting, 2 min of about 90 s/)
    await room.advance(18.5 * MINUTE)
    expect(room.panel('stream analytics')).toMatch(
      /The start has not come to an end after 20 min; the service says: Starting/,
    )
  })

  it('is called off by its key, and nothing is left running', async () => {
    room = await openAzureRoom()
    room.press('3')
    await room.see(/waiting for the cluster/)
    room.press('3')
    await room.see(/○ TERMINATED/)
    expect(room.engine.last.state).toBe('cancelled')
  })
})

describe('the first start of the Stream Analytics job', () => {
  const modes = () => starts(START_JOB).map(({ body }) => JSON.parse(body).outputStartMode)

  it('begins before the oldest event; the next one goes on behind the last output', async () => {
    room = await openAzureRoom()
    room.press('1')
    await room.see(/20 stations[\s\S]*acknowledged [1-9]/)
    room.press('2')
    await room.see(/● Running/)
    await room.see(/bronze +[1-9]/)
    room.press('2')
    await room.see(/○ Stopped/)
    room.press('2')
    await room.see(/● Running/)
    expect(modes()).toEqual(['CustomTime', 'LastOutputEventTime'])
  })
})
