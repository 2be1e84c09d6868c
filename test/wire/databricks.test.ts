import https from 'node:https'
import { afterAll, afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import {
  type ControlPlane,
  removeFolders,
  startControlPlane,
  startFromStateOf,
  TOKEN,
} from '../support/control-plane.ts'
import { restCaller } from '../support/rest.ts'

let plane: ControlPlane
let rest: ReturnType<typeof restCaller>
async function start(options: Parameters<typeof startControlPlane>[0] = {}) {
  plane = await startControlPlane(options)
  rest = restCaller(`${plane.url}/databricks`, TOKEN)
}
beforeEach(() => start())
afterEach(() => plane.close())
afterAll(removeFolders)

const API = '/api/2.2/jobs'
const jobNamed = async (name: string) =>
  (await rest('GET', `${API}/list?name=${name}`)).body.jobs[0].job_id as number
const runNow = async (body: object) => (await rest('POST', `${API}/run-now`, body)).body.run_id as number
const statusOf = async (run: number) => (await rest('GET', `${API}/runs/get?run_id=${run}`)).body
const cancel = (run: number) => rest('POST', `${API}/runs/cancel`, { run_id: run })

/** What the service fills in. */
const TASK_DEFAULTS = {
  run_if: 'ALL_SUCCESS',
  timeout_seconds: 0,
  email_notifications: {},
  webhook_notifications: {},
}
const DEFAULTS = {
  timeout_seconds: 0,
  email_notifications: {},
  webhook_notifications: {},
  max_concurrent_runs: 1,
  queue: { enabled: true },
  run_as: { user_name: 'local' },
  format: 'MULTI_TASK',
}

describe('jobs', () => {
  it('silver and gold are there from the start, and still the same after a restart', async () => {
    const { body } = await rest('GET', `${API}/list`)
    expect(body.jobs.map((job: { settings: { name: string } }) => job.settings.name).sort()).toEqual([
      'rtstream-gold',
      'rtstream-silver',
    ])
    await plane.close()
    await start({ folder: plane.folder })
    expect((await rest('GET', `${API}/list`)).body).toEqual(body)
  })

  it('are created, reset, read and found by name, and kept', async () => {
    const settings = {
      name: 'mine',
      tasks: [{ task_key: 'a', notebook_task: { notebook_path: '/x/gold.py' } }],
    }
    const { job_id } = (await rest('POST', `${API}/create`, settings)).body
    await rest('POST', `${API}/reset`, { job_id, new_settings: { ...settings, name: 'yours' } })
    await plane.close()
    await start({ folder: plane.folder })
    expect((await rest('GET', `${API}/get?job_id=${job_id}`)).body).toMatchObject({
      job_id,
      created_time: expect.any(Number),
      settings: { ...settings, name: 'yours' },
    })
    expect(await jobNamed('YOURS')).toBe(job_id)
    expect((await rest('GET', `${API}/list?name=mine`)).body).toEqual({})
  })

  it('come in pages', async () => {
    for (let index = 0; index < 5; index++) await rest('POST', `${API}/create`, { name: `job-${index}` })
    const seen: number[] = []
    let token = ''
    do {
      const asked = `&page_token=${token}`
      const { body } = await rest('GET', `${API}/list?limit=3${asked}`)
      seen.push(...body.jobs.map((job: { job_id: number }) => job.job_id))
      token = body.next_page_token ?? ''
      // The token alone tells that there is more; version 2.1 has a flag beside it.
      expect(body).not.toHaveProperty('has_more')
      const before = (await rest('GET', `/api/2.1/jobs/list?limit=3${asked}`)).body
      expect(before.has_more).toBe(token !== '')
    } while (token)
    expect(seen).toEqual([...new Set(seen)].sort((a, b) => b - a))
    expect(seen).toHaveLength(7)
  })

  it('come in pages by an offset too, as older clients ask, and back by a token', async () => {
    for (let index = 0; index < 5; index++) await rest('POST', `${API}/create`, { name: `job-${index}` })
    const page = async (query: string) => (await rest('GET', `/api/2.1/jobs/list?limit=3&${query}`)).body
    const ids = ({ jobs = [] }: { jobs?: { job_id: number }[] }) => jobs.map(({ job_id }) => job_id)
    const seen: number[] = []
    for (let offset = 0, more = true; more; offset += 3) {
      const body = await page(`offset=${offset}`)
      seen.push(...ids(body))
      more = body.has_more
      expect(seen.length).toBeLessThanOrEqual(7)
    }
    expect(seen).toEqual([...new Set(seen)].sort((a, b) => b - a))
    expect(seen).toHaveLength(7)
    const second = await page(`page_token=${(await page('')).next_page_token}`)
    expect(ids(await page(`page_token=${second.prev_page_token}`))).toEqual(seen.slice(0, 3))
    expect((await page('')).prev_page_token).toBeUndefined()
    expect(await page('offset=1000')).toMatchObject({ has_more: false })
    for (const offset of ['1001', '-1', 'far'])
      expect((await page(`offset=${offset}`)).error_code).toBe('INVALID_PARAMETER_VALUE')
  })

  it('with long lists come in parts of a hundred in version 2.2, and without tasks before it', async () => {
    const tasks = Array.from({ length: 230 }, (_, index) => ({ task_key: `t${index}` }))
    const parameters = [{ name: 'p', default: '1' }]
    const { job_id } = (await rest('POST', `${API}/create`, { name: 'long', tasks, parameters })).body
    const keys = ({ settings }: { settings: { tasks: { task_key: string }[] } }) =>
      settings.tasks.map(({ task_key }) => task_key)
    const lengths: number[] = []
    const found: string[] = []
    let token = ''
    do {
      const { body } = await rest('GET', `${API}/get?job_id=${job_id}&page_token=${token}`)
      lengths.push(body.settings.tasks.length)
      found.push(...keys(body))
      expect(body.settings.parameters).toEqual(token === '' ? parameters : [])
      token = body.next_page_token ?? ''
    } while (token)
    expect(lengths).toEqual([100, 100, 30])
    expect(found).toEqual(tasks.map(({ task_key }) => task_key))
    const [listed] = (await rest('GET', `${API}/list?name=long&expand_tasks=true`)).body.jobs
    expect({ length: listed.settings.tasks.length, has_more: listed.has_more }).toEqual({
      length: 100,
      has_more: true,
    })
    const [silver] = (await rest('GET', `${API}/list?name=rtstream-silver&expand_tasks=true`)).body.jobs
    expect(silver).not.toHaveProperty('has_more')
    expect((await rest('GET', `${API}/get?job_id=${job_id}&page_token=junk`)).status).toBe(400)
    for (const version of ['2.0', '2.1']) {
      // As users report of 2.1 (OpenMetadata's issue 33200).
      const told = (await rest('GET', `/api/${version}/jobs/get?job_id=${job_id}`)).body
      expect(told.settings).toMatchObject({ name: 'long', format: 'MULTI_TASK' })
      expect(told.settings).not.toHaveProperty('tasks')
      expect(told).not.toHaveProperty('next_page_token')
    }
  })

  // In the words of Databricks' page on jobs with a large number of tasks.
  it('of more than a hundred tasks are for version 2.2, of more than a thousand for none', async () => {
    const job = (length: number) => ({
      name: 'long',
      tasks: Array.from({ length }, (_, index) => ({ task_key: `t${index}` })),
    })
    const { job_id } = (await rest('POST', '/api/2.1/jobs/create', job(100))).body
    expect((await rest('POST', `${API}/reset`, { job_id, new_settings: job(1000) })).status).toBe(200)
    const refused = {
      status: 400,
      body: {
        error_code: 'INVALID_PARAMETER_VALUE',
        message:
          'Resources with more than 100 tasks can only be handled by API 2.2 and above. Your resource has 101 tasks.',
      },
    }
    for (const at of ['/api/2.0/jobs', '/api/2.1/jobs']) {
      expect(await rest('POST', `${at}/create`, job(101))).toMatchObject(refused)
      for (const change of ['reset', 'update'])
        expect(await rest('POST', `${at}/${change}`, { job_id, new_settings: job(101) })).toMatchObject(
          refused,
        )
    }
    expect((await rest('POST', `${API}/create`, job(1001))).body.message).toBe(
      'A job has at most 1000 tasks, not 1001.',
    )
  })

  it('queue their runs after version 2.2 made them or reset them, unless it says otherwise', async () => {
    const queueOf = async (job_id: number) =>
      (await rest('GET', `${API}/get?job_id=${job_id}`)).body.settings.queue.enabled
    const { job_id } = (await rest('POST', '/api/2.1/jobs/create', { name: 'mine' })).body
    expect(await queueOf(job_id)).toBe(false)
    await rest('POST', `${API}/reset`, { job_id, new_settings: { name: 'mine' } })
    expect(await queueOf(job_id)).toBe(true)
    await rest('POST', `${API}/reset`, { job_id, new_settings: { queue: { enabled: false } } })
    expect(await queueOf(job_id)).toBe(false)
    await rest('POST', '/api/2.1/jobs/reset', { job_id, new_settings: {} })
    expect(await queueOf(job_id)).toBe(false)
  })

  it('tell who may do what with them', async () => {
    const job = await jobNamed('rtstream-silver')
    const path = `/api/2.0/permissions/jobs/${job}`
    expect((await rest('GET', path)).body).toEqual({
      object_id: `/jobs/${job}`,
      object_type: 'job',
      access_control_list: [
        {
          user_name: 'local',
          display_name: 'local',
          all_permissions: [{ permission_level: 'IS_OWNER', inherited: false }],
        },
      ],
    })
    const levels = (await rest('GET', `${path}/permissionLevels`)).body.permission_levels
    expect(levels.map((one: { permission_level: string }) => one.permission_level)).toContain(
      'CAN_MANAGE_RUN',
    )
    expect((await rest('GET', '/api/2.0/permissions/jobs/7')).body.error_code).toBe('RESOURCE_DOES_NOT_EXIST')
  })

  it('answer to version 2.1 as well', async () => {
    expect((await rest('GET', '/api/2.1/jobs/list')).status).toBe(200)
  })

  it('answer at the root as well, where clients that drop the path of an address look for them', async () => {
    const root = restCaller(plane.url, TOKEN)
    expect((await root('GET', `${API}/list`)).body).toEqual((await rest('GET', `${API}/list`)).body)
    expect(await root('GET', '/api/2.2/none')).toMatchObject({
      status: 404,
      body: { error_code: 'ENDPOINT_NOT_FOUND' },
    })
    expect(await restCaller(plane.url, undefined)('GET', `${API}/list`)).toMatchObject({
      status: 401,
      body: { error_code: 401 },
    })
  })

  it('say who serves to whoever asks, with or without a token', async () => {
    for (const base of [plane.url, `${plane.url}/databricks`]) {
      const { status, body } = await restCaller(base, undefined)('GET', '/.well-known/databricks-config')
      expect({ status, body }).toEqual({
        status: 200,
        body: { oidc_endpoint: `${plane.url}/oidc`, workspace_id: '1' },
      })
    }
  })

  it('tell the workspace’s id with every answer, and what a cluster may name', async () => {
    const answers = await Promise.all([
      rest('GET', '/api/2.0/preview/scim/v2/Me'),
      rest('GET', '/api/2.2/jobs/get?job_id=1'),
      rest('GET', '/.well-known/databricks-config'),
    ])
    for (const { headers } of answers) expect(headers.get('x-databricks-org-id')).toBe('1')
    for (const version of ['2.0', '2.1']) {
      const { versions } = (await rest('GET', `/api/${version}/clusters/spark-versions`)).body
      expect(versions.map(({ key }: { key: string }) => key)).toContain('16.4.x-scala2.12')
      const { node_types } = (await rest('GET', `/api/${version}/clusters/list-node-types`)).body
      expect(node_types).toMatchObject([{ node_type_id: 'Standard_D4s_v3', num_cores: 4 }])
    }
  })

  it.each([
    '2.0/clusters/list',
    '2.1/clusters/list',
    '2.0/instance-pools/list',
    '2.0/policies/clusters/list',
    '2.0/libraries/all-cluster-statuses',
    '2.0/global-init-scripts',
    '2.0/secrets/scopes/list',
    '2.0/repos',
    '2.0/pipelines',
    '2.0/sql/warehouses',
    '2.0/token/list',
  ])('have no entry in %s', async (path) => {
    const { status, body } = await rest('GET', `/api/${path}`)
    expect([status, body]).toEqual([200, {}])
  })

  it('a null is a field left out, and what nobody here knows is kept as it was sent', async () => {
    const schedule = { quartz_cron_expression: '0 0 * * * ?', timezone_id: 'UTC', pause_status: 'PAUSED' }
    const settings = { name: 'odd', schedule, surprise: [1] }
    const { job_id } = (await rest('POST', `${API}/create`, { ...settings, tasks: null, queue: null })).body
    expect((await rest('GET', `${API}/get?job_id=${job_id}`)).body.settings).toEqual({
      ...DEFAULTS,
      ...settings,
    })
  })

  it.each([
    [
      'a schedule',
      { schedule: { quartz_cron_expression: '0 0 * * * ?', timezone_id: 'UTC' } },
      'jobs/run-now',
    ],
    ['a run that is to go on', { continuous: { pause_status: 'UNPAUSED' } }, 'continuous'],
    ['a trigger', { trigger: { periodic: { interval: 1, unit: 'HOURS' } } }, 'PAUSED'],
    ['a key of other characters', { tasks: [{ task_key: 'a b' }] }, "'a b' contains an invalid character"],
    ['an empty key', { tasks: [{ task_key: '' }] }, 'invalid character'],
    ['one key for two tasks', { tasks: [{ task_key: 'a' }, { task_key: 'a' }] }, "'a'"],
    [
      'a task behind itself',
      { tasks: [{ task_key: 'a', depends_on: [{ task_key: 'a' }] }] },
      "Invalid dependency graph, task 'a' can not reference itself.",
    ],
    [
      'a cluster that is not told of',
      { tasks: [{ task_key: 'a', job_cluster_key: 'c' }] },
      "Job cluster 'c' is not defined in field 'job_clusters'.",
    ],
  ])('with %s are refused, made or changed', async (_, settings, words) => {
    const { job_id } = (await rest('POST', `${API}/create`, { name: 'mine' })).body
    for (const [path, body] of [
      ['create', settings],
      ['reset', { job_id, new_settings: settings }],
      ['update', { job_id, new_settings: settings }],
    ] as const)
      expect(await rest('POST', `${API}/${path}`, body)).toMatchObject({
        status: 400,
        body: { error_code: 'INVALID_PARAMETER_VALUE', message: expect.stringContaining(words) },
      })
  })

  it('have keys of tasks as long as they like, of which their runs show a hundred characters', async () => {
    const task_key = 'k'.repeat(120)
    const task = { task_key, notebook_task: { notebook_path: '/x/silver' } }
    const { job_id } = (await rest('POST', `${API}/create`, { name: 'mine', tasks: [task] })).body
    expect((await rest('GET', `${API}/get?job_id=${job_id}`)).body.settings.tasks).toMatchObject([task])
    expect((await statusOf(await runNow({ job_id }))).tasks).toMatchObject([{ task_key: 'k'.repeat(100) }])
  })

  it('bear the names of their maker and the service’s defaults, in lists too', async () => {
    const job_id = await jobNamed('rtstream-silver')
    const { body } = await rest('GET', `${API}/get?job_id=${job_id}`)
    const who = { creator_user_name: 'local', run_as_user_name: 'local' }
    expect(body).toMatchObject({ ...who, settings: DEFAULTS })
    expect(body.settings.tasks[0]).toMatchObject(TASK_DEFAULTS)
    const { body: list } = await rest('GET', `${API}/list`)
    expect(list.jobs[0]).toMatchObject({ ...who, settings: { ...DEFAULTS, name: 'rtstream-gold' } })
    const run = await statusOf(await runNow({ job_id }))
    const durations = { setup_duration: 0, execution_duration: 0, cleanup_duration: 0 }
    expect(run).toMatchObject({ creator_user_name: 'local', ...durations, tasks: [durations] })
  })

  it('what was sent stands before the defaults, in the job and in its tasks', async () => {
    const own = { timeout_seconds: 60, email_notifications: { on_failure: ['me@example.com'] } }
    const settings = {
      ...own,
      max_concurrent_runs: 3,
      queue: { enabled: true },
      tasks: [{ task_key: 'a', run_if: 'ALL_DONE', ...own }],
    }
    const { job_id } = (await rest('POST', `${API}/create`, settings)).body
    expect((await rest('GET', `${API}/get?job_id=${job_id}`)).body.settings).toMatchObject(settings)
  })

  it('an update replaces what it names, adds tasks by their key, and removes what it lists', async () => {
    const a = { task_key: 'a', notebook_task: { notebook_path: '/x/gold' } }
    const first = { name: 'mine', tags: { x: 'y' }, tasks: [a, { task_key: 'b' }] }
    const { job_id } = (await rest('POST', `${API}/create`, first)).body
    const b = { task_key: 'b', notebook_task: { notebook_path: '/x/silver' } }
    const new_settings = { name: 'yours', tasks: [b, { task_key: 'c' }] }
    await rest('POST', `${API}/update`, { job_id, new_settings, fields_to_remove: ['tags'] })
    const tasks = [a, b, { task_key: 'c' }].map((task) => ({ ...TASK_DEFAULTS, ...task }))
    const settings = { ...DEFAULTS, name: 'yours', tasks }
    expect((await rest('GET', `${API}/get?job_id=${job_id}`)).body.settings).toEqual(settings)
  })

  it('an update removes one task or cluster by its key, and nothing else from within a setting', async () => {
    const tasks = ['a', 'b'].map((task_key) => ({ task_key }))
    const job_clusters = ['c', 'd', 'c/d'].map((job_cluster_key) => ({ job_cluster_key }))
    const { job_id } = (await rest('POST', `${API}/create`, { name: 'mine', tasks, job_clusters })).body
    const update = (...fields_to_remove: string[]) =>
      rest('POST', `${API}/update`, { job_id, fields_to_remove })
    expect((await update('tasks/a', 'job_clusters/c/d', 'job_clusters/c', 'tasks/none')).status).toBe(200)
    const { settings } = (await rest('GET', `${API}/get?job_id=${job_id}`)).body
    expect(settings.tasks.map(({ task_key }: { task_key: string }) => task_key)).toEqual(['b'])
    expect(settings.job_clusters).toEqual([{ job_cluster_key: 'd' }])
    expect((await update('schedule/pause_status')).body).toMatchObject({
      error_code: 'INVALID_PARAMETER_VALUE',
      message: expect.stringContaining('schedule'),
    })
  })

  it('a deleted one takes its runs with it, and its id does not come back', async () => {
    const tasks = [{ task_key: 'a', notebook_task: { notebook_path: '/x/gold' } }]
    const create = async () => (await rest('POST', `${API}/create`, { name: 'mine', tasks })).body.job_id
    const job_id = await create()
    const run = await runNow({ job_id })
    expect((await rest('POST', `${API}/delete`, { job_id })).body).toEqual({})
    await vi.waitFor(async () => expect((await statusOf(run)).state.result_state).toBe('CANCELED'))
    expect((await rest('GET', `${API}/get?job_id=${job_id}`)).body.message).toContain('does not exist')
    expect(await create()).not.toBe(job_id)
  })
})

describe('runs', () => {
  it('go from PENDING over RUNNING and TERMINATING to TERMINATED', async () => {
    const job_id = await jobNamed('rtstream-silver')
    const run = await runNow({ job_id })
    const states: string[] = []
    const note = async () => {
      const { status, state } = await statusOf(run)
      states.push(`${status.state} ${state.life_cycle_state}`)
    }
    plane.engine.last.endsAtOnce = false
    expect(plane.engine.last.notebook).toBe('silver')
    await note()
    plane.engine.last.state = 'running'
    await note()
    expect((await cancel(run)).body).toEqual({})
    await note()
    plane.engine.last.end()
    await vi.waitFor(async () => expect((await statusOf(run)).status.state).toBe('TERMINATED'))
    expect(states).toEqual(['PENDING PENDING', 'RUNNING RUNNING', 'TERMINATING TERMINATING'])
    expect(await statusOf(run)).toMatchObject({
      job_id,
      run_id: run,
      start_time: expect.any(Number),
      end_time: expect.any(Number),
      run_duration: expect.any(Number),
      run_name: 'rtstream-silver',
      status: { termination_details: { code: 'USER_CANCELED', type: 'SUCCESS' } },
      state: { life_cycle_state: 'TERMINATED', result_state: 'CANCELED', user_cancelled_or_timedout: true },
    })
    // Cancelling what has ended is no error.
    expect((await cancel(run)).status).toBe(200)
  })

  it('tell how long they waited, and how long their task took; a run of tasks took nothing by itself', async () => {
    await plane.close()
    let now = Date.UTC(2026, 10, 24)
    await start({ clock: { now: () => now } })
    const job_id = await jobNamed('rtstream-silver')
    const first = await runNow({ job_id })
    plane.engine.last.state = 'running'
    const second = await runNow({ job_id, queue: { enabled: true } })
    now += 4000
    await cancel(first)
    await vi.waitFor(async () => expect((await statusOf(first)).status.state).toBe('TERMINATED'))
    expect(await statusOf(first)).toMatchObject({
      run_duration: 4000,
      setup_duration: 0,
      execution_duration: 0,
      cleanup_duration: 0,
      tasks: [
        {
          run_if: 'ALL_SUCCESS',
          run_duration: 4000,
          setup_duration: 0,
          execution_duration: 4000,
          cleanup_duration: 0,
        },
      ],
    })
    await vi.waitFor(async () => expect((await statusOf(second)).status.state).toBe('PENDING'))
    expect((await statusOf(second)).queue_duration).toBe(4000)
    expect(await statusOf(first)).not.toHaveProperty('queue_duration')
  })

  it('a failed one tells its error in the output of its task, and has none of its own', async () => {
    const run = await runNow({ job_id: await jobNamed('rtstream-gold') })
    plane.engine.last.fail('silver/weather is no Delta table')
    await vi.waitFor(async () =>
      expect((await statusOf(run)).status.termination_details).toEqual({
        code: 'RUN_EXECUTION_ERROR',
        type: 'CLIENT_ERROR',
        message: 'silver/weather is no Delta table',
      }),
    )
    const [task] = (await statusOf(run)).tasks
    expect((await rest('GET', `${API}/runs/get-output?run_id=${task.run_id}`)).body).toMatchObject({
      error: 'silver/weather is no Delta table',
      metadata: { run_id: task.run_id, job_run_id: run, task_key: 'gold' },
    })
    // A program that asks for the run's own output would fail on Azure.
    expect(await rest('GET', `${API}/runs/get-output?run_id=${run}`)).toMatchObject({
      status: 400,
      body: {
        error_code: 'INVALID_PARAMETER_VALUE',
        message: expect.stringMatching(
          new RegExp(`output of runs with multiple tasks is not supported.* ${task.run_id}\\.$`),
        ),
      },
    })
  })

  it('tell their last batch', async () => {
    const run = await runNow({ job_id: await jobNamed('rtstream-silver') })
    plane.engine.last.progress = { batchId: 4, inputRows: 10, durationMs: 5, at: 6 }
    const [task] = (await statusOf(run)).tasks
    const { body } = await rest('GET', `${API}/runs/get-output?run_id=${task.run_id}`)
    expect(JSON.parse(body.notebook_output.result)).toEqual(plane.engine.last.progress)
  })

  it('an idempotency token makes one run of two calls', async () => {
    const job_id = await jobNamed('rtstream-silver')
    const first = await runNow({ job_id, idempotency_token: 'once' })
    expect(await runNow({ job_id, idempotency_token: 'once' })).toBe(first)
    expect(plane.engine.runs).toHaveLength(1)
    // Of a job: another one's run is another run.
    expect(await runNow({ job_id: await jobNamed('rtstream-gold'), idempotency_token: 'once' })).not.toBe(
      first,
    )
    // No token is none, however it is said.
    expect(await runNow({ job_id, idempotency_token: '' })).not.toBe(
      await runNow({ job_id, idempotency_token: null }),
    )
    expect((await rest('POST', `${API}/run-now`, { job_id, idempotency_token: 'x'.repeat(65) })).status).toBe(
      400,
    )
  })

  it('keep what their start gave them, also over a restart', async () => {
    const job_id = await jobNamed('rtstream-silver')
    const parameters = [
      { name: 'day', default: 'today' },
      { name: 'constructor', default: 'me' },
    ]
    await rest('POST', `${API}/update`, { job_id, new_settings: { parameters } })
    const notebook_params = { speed: '2' }
    const given = { notebook_params, python_params: null, job_parameters: { day: '2026-11-24', more: 'x' } }
    const run = await runNow({ job_id, ...given })
    const told = {
      overriding_parameters: { notebook_params },
      job_parameters: [
        { name: 'day', default: 'today', value: '2026-11-24' },
        { name: 'constructor', default: 'me', value: 'me' },
        { name: 'more', default: '', value: 'x' },
      ],
    }
    expect(await statusOf(run)).toMatchObject(told)
    const plain = await runNow({ job_id: await jobNamed('rtstream-gold') })
    expect(await statusOf(plain)).not.toHaveProperty('overriding_parameters')
    expect(await statusOf(plain)).not.toHaveProperty('job_parameters')
    await plane.close()
    await start({ folder: plane.folder })
    expect(await statusOf(run)).toMatchObject(told)
  })

  it.each([
    ['no object', { notebook_params: ['a'] }, 'Expected object for field notebook_params, found ARRAY'],
    ['no list', { jar_params: { a: 'b' } }, 'Expected array for field jar_params, found OBJECT'],
    [
      'no object of the job',
      { job_parameters: 'x' },
      'Expected object for field job_parameters, found STRING',
    ],
    ['more than 10,000 bytes', { notebook_params: { a: 'x'.repeat(10_000) } }, '10,000 bytes'],
    ['of two kinds', { notebook_params: {}, jar_params: [] }, 'in conjunction with jar_params.'],
  ])('do not begin with parameters that are %s', async (_, given, message) => {
    const answer = await rest('POST', `${API}/run-now`, {
      job_id: await jobNamed('rtstream-silver'),
      ...given,
    })
    expect(answer.status).toBe(400)
    const isOfForm = !message.includes('Expected')
    expect(answer.body.error_code).toBe(isOfForm ? 'INVALID_PARAMETER_VALUE' : 'MALFORMED_REQUEST')
    expect(answer.body.message).toContain(message)
    expect(plane.engine.runs).toHaveLength(0)
  })

  it.each([
    ['2.1', 'SKIPPED'],
    ['2.2', 'QUEUED'],
  ])(
    'of a job that version %s has made are %s beyond its limit, unless it says otherwise',
    async (version, word) => {
      const tasks = [{ task_key: 'a', notebook_task: { notebook_path: '/x/gold' } }]
      const create = async (more: object) =>
        (await rest('POST', `/api/${version}/jobs/create`, { name: 'mine', tasks, ...more })).body.job_id
      const second = async (job_id: number) => {
        await runNow({ job_id })
        return (await statusOf(await runNow({ job_id }))).state.life_cycle_state
      }
      expect(await second(await create({}))).toBe(word)
      expect(await second(await create({ queue: { enabled: true } }))).toBe('QUEUED')
      expect(await second(await create({ queue: { enabled: false } }))).toBe('SKIPPED')
    },
  )

  it('that find too many waiting are skipped', async () => {
    const job_id = await jobNamed('rtstream-silver')
    const made: number[] = []
    for (let index = 0; index < 22; index++) made.push(await runNow({ job_id }))
    expect((await statusOf(made.at(-2) as number)).status.state).toBe('QUEUED')
    expect(await statusOf(made.at(-1) as number)).toMatchObject({
      status: { state: 'TERMINATED', termination_details: { code: 'MAX_JOB_QUEUE_SIZE_EXCEEDED' } },
      state: { life_cycle_state: 'SKIPPED' },
    })
  })

  it('beyond the limit are skipped, or wait in the queue when it is enabled', async () => {
    const job_id = await jobNamed('rtstream-silver')
    const first = await runNow({ job_id })
    const skipped = await runNow({ job_id, queue: { enabled: false } })
    expect(await statusOf(skipped)).toMatchObject({
      status: { state: 'TERMINATED', termination_details: { code: 'MAX_CONCURRENT_RUNS_EXCEEDED' } },
      state: {
        life_cycle_state: 'SKIPPED',
        result_state: 'MAXIMUM_CONCURRENT_RUNS_REACHED',
        // As the service’s command line shows it, by a change of it that was tried by hand.
        state_message: 'Skipping this run because the limit of 1 maximum concurrent runs has been reached.',
      },
    })
    const queued = await runNow({ job_id, queue: { enabled: true } })
    expect((await statusOf(queued)).status).toEqual({
      state: 'QUEUED',
      queue_details: { code: 'MAX_CONCURRENT_RUNS_REACHED', message: expect.any(String) },
    })
    expect((await statusOf(queued)).state.queue_reason).toBe('Another run of the job is under way.')
    expect((await statusOf(first)).state).not.toHaveProperty('queue_reason')
    await cancel(first)
    await vi.waitFor(async () => expect((await statusOf(queued)).status.state).toBe('PENDING'))
    expect(plane.engine.runs).toHaveLength(2)
  })

  it('come in pages of at most 25, newest first, and new runs shift nothing', async () => {
    const job_id = await jobNamed('rtstream-silver')
    const made: number[] = []
    const queue = { enabled: false }
    for (let index = 0; index < 30; index++) made.unshift(await runNow({ job_id, queue }))
    const page = async (token?: string) =>
      (await rest('GET', `${API}/runs/list?job_id=${job_id}&limit=20${token ? `&page_token=${token}` : ''}`))
        .body
    const first = await page()
    await runNow({ job_id })
    const second = await page(first.next_page_token)
    const ids = [...first.runs, ...second.runs].map((run: { run_id: number }) => run.run_id)
    expect(ids).toEqual(made)
    expect(second).not.toHaveProperty('next_page_token')
    expect(second).not.toHaveProperty('has_more')
    const flagged = async (limit: number) =>
      (await rest('GET', `/api/2.1/jobs/runs/list?job_id=${job_id}&limit=${limit}`)).body.has_more
    expect(await flagged(25)).toBe(true)
    // The largest page is what 0 stands for.
    expect((await rest('GET', `${API}/runs/list?job_id=${job_id}&limit=0`)).body.runs).toHaveLength(25)
    for (const limit of ['-1', '26', 'many', '1.5'])
      expect((await rest('GET', `${API}/runs/list?limit=${limit}`)).body.error_code).toBe(
        'INVALID_PARAMETER_VALUE',
      )
    expect((await rest('GET', `${API}/runs/list?page_token=junk`)).status).toBe(400)
  })

  it('that have ended are deleted, and neither their ids nor their tokens come back', async () => {
    const job_id = await jobNamed('rtstream-silver')
    const run = await runNow({ job_id, idempotency_token: 'once' })
    const remove = (run_id: number) => rest('POST', `${API}/runs/delete`, { run_id })
    expect((await remove(run)).body).toMatchObject({
      error_code: 'INVALID_STATE',
      message: expect.stringContaining('is active'),
    })
    await cancel(run)
    await vi.waitFor(async () => expect((await statusOf(run)).status.state).toBe('TERMINATED'))
    expect(await remove(run)).toMatchObject({ status: 200, body: {} })
    expect((await statusOf(run)).message).toMatch(/doesn't exist/)
    expect((await rest('GET', `${API}/runs/list`)).body).toEqual({})
    expect((await remove(run)).status).toBe(400)
    expect(await rest('POST', `${API}/run-now`, { job_id, idempotency_token: 'once' })).toMatchObject({
      status: 400,
      body: { error_code: 'INVALID_PARAMETER_VALUE', message: expect.stringContaining('was deleted') },
    })
    expect(await runNow({ job_id })).toBeGreaterThan(run)
  })

  it('tell their history when it is asked for: of one that was not repaired, itself', async () => {
    const run = await runNow({ job_id: await jobNamed('rtstream-silver') })
    const body = await statusOf(run)
    expect(body).not.toHaveProperty('repair_history')
    const { repair_history } = (await rest('GET', `${API}/runs/get?run_id=${run}&include_history=true`)).body
    expect(repair_history).toEqual([
      {
        type: 'ORIGINAL',
        start_time: body.start_time,
        end_time: 0,
        state: body.state,
        status: body.status,
        task_run_ids: [body.tasks[0].run_id],
      },
    ])
  })

  const repair = (run_id: number, body: object = { rerun_all_failed_tasks: true }) =>
    rest('POST', `${API}/runs/repair`, { run_id, ...body })
  const hasEnded = (run: number) =>
    vi.waitFor(async () => expect((await statusOf(run)).status.state).toBe('TERMINATED'))

  it('that have ended are repaired: begun again under their id, and both attempts are told', async () => {
    const run = await runNow({ job_id: await jobNamed('rtstream-silver') })
    plane.engine.last.fail('no such column')
    await hasEnded(run)
    const before = await statusOf(run)
    const { body } = await repair(run)
    expect(body).toEqual({ repair_id: expect.any(Number) })
    expect(plane.engine.runs).toHaveLength(2)
    const after = await statusOf(run)
    expect(after).toMatchObject({ start_time: before.start_time, end_time: 0, status: { state: 'PENDING' } })
    expect(after).not.toHaveProperty('run_duration')
    expect(after.tasks).toMatchObject([
      { ...before.tasks[0], attempt_number: 0 },
      { attempt_number: 1, end_time: 0, status: { state: 'PENDING' } },
    ])
    const [first, second] = after.tasks.map(({ run_id }: { run_id: number }) => run_id)
    // The run of an attempt's task is one of its own.
    expect((await rest('GET', `${API}/runs/get?run_id=${second}`)).body).toMatchObject({
      run_id: second,
      job_run_id: run,
      task_key: 'silver',
      attempt_number: 1,
      status: { state: 'PENDING' },
    })
    const third = second + second - first
    expect((await rest('GET', `${API}/runs/get?run_id=${third}`)).body.message).toContain(`Run: ${third}`)
    const output = async (id: number) => (await rest('GET', `${API}/runs/get-output?run_id=${id}`)).body
    expect((await output(first)).error).toBe('no such column')
    expect(await output(second)).toMatchObject({ metadata: { attempt_number: 1 }, notebook_output: {} })
    expect(await output(second)).not.toHaveProperty('error')
    const history = (await rest('GET', `${API}/runs/get?run_id=${run}&include_history=true`)).body
      .repair_history
    expect(history).toMatchObject([
      { type: 'ORIGINAL', end_time: before.end_time, task_run_ids: [first] },
      { type: 'REPAIR', id: body.repair_id, end_time: 0, task_run_ids: [second] },
    ])
    expect(history[0]).not.toHaveProperty('id')
  })

  it('that were repaired take another repair with the id of the last one, also after a restart', async () => {
    const run = await runNow({ job_id: await jobNamed('rtstream-silver') })
    await cancel(run)
    await hasEnded(run)
    const { repair_id } = (await repair(run, { rerun_tasks: ['silver'] })).body
    await cancel(run)
    await hasEnded(run)
    await plane.close()
    await start({ folder: plane.folder })
    const words = /latest repair ID needs to be provided/
    for (const latest_repair_id of [undefined, repair_id + 1])
      expect((await repair(run, { rerun_all_failed_tasks: true, latest_repair_id })).body).toMatchObject({
        error_code: 'INVALID_PARAMETER_VALUE',
        message: expect.stringMatching(words),
      })
    const again = await repair(run, { rerun_all_failed_tasks: true, latest_repair_id: repair_id })
    expect(again.body.repair_id).toBeGreaterThan(repair_id)
    const { tasks } = await statusOf(run)
    expect(tasks.map(({ attempt_number }: { attempt_number: number }) => attempt_number)).toEqual([0, 1, 2])
    expect(new Set(tasks.map(({ run_id }: { run_id: number }) => run_id)).size).toBe(3)
    await cancel(run)
    await hasEnded(run)
    const { run_duration } = await statusOf(run)
    const took = ({ execution_duration }: { execution_duration: number }) => execution_duration
    const ended = (await statusOf(run)).tasks
    expect(run_duration).toBe(ended.map(took).reduce((sum: number, one: number) => sum + one, 0))
  })

  it('are repaired with the parameters that they had, or others', async () => {
    const run = await runNow({ job_id: await jobNamed('rtstream-silver'), notebook_params: { day: '1' } })
    await cancel(run)
    await hasEnded(run)
    const { repair_id } = (await repair(run)).body
    expect((await statusOf(run)).overriding_parameters).toEqual({ notebook_params: { day: '1' } })
    await cancel(run)
    await hasEnded(run)
    await repair(run, {
      rerun_all_failed_tasks: true,
      latest_repair_id: repair_id,
      notebook_params: { day: '2' },
      job_parameters: { city: 'Bern' },
    })
    expect(await statusOf(run)).toMatchObject({
      overriding_parameters: { notebook_params: { day: '2' } },
      job_parameters: [{ name: 'city', value: 'Bern' }],
    })
  })

  it('wait for another run before they are repaired, or are refused where the job has no queue', async () => {
    const task = { task_key: 'a', notebook_task: { notebook_path: '/x/silver' } }
    const { job_id } = (await rest('POST', `${API}/create`, { name: 'mine', tasks: [task] })).body
    const run = await runNow({ job_id })
    await cancel(run)
    await hasEnded(run)
    const other = await runNow({ job_id })
    const { repair_id } = (await repair(run)).body
    expect((await statusOf(run)).status.state).toBe('QUEUED')
    await cancel(run)
    await hasEnded(run)
    await rest('POST', `${API}/update`, { job_id, new_settings: { queue: { enabled: false } } })
    const refused = await repair(run, { rerun_all_failed_tasks: true, latest_repair_id: repair_id })
    expect(refused).toMatchObject({ status: 400, body: { error_code: 'INVALID_STATE' } })
    expect((await statusOf(other)).status.state).toBe('PENDING')
  })

  it.each([
    ['while it is under way', false, { rerun_all_failed_tasks: true }, 'INVALID_STATE'],
    ['of nothing', true, {}, 'INVALID_PARAMETER_VALUE'],
    ['of one task twice', true, { rerun_tasks: ['silver', 'silver'] }, 'INVALID_PARAMETER_VALUE'],
    ['of a task that the job has not', true, { rerun_tasks: ['gold'] }, 'INVALID_PARAMETER_VALUE'],
    [
      'of tasks and of all',
      true,
      { rerun_tasks: ['silver'], rerun_all_failed_tasks: true },
      'INVALID_PARAMETER_VALUE',
    ],
    [
      'after another, of which there was none',
      true,
      { rerun_all_failed_tasks: true, latest_repair_id: 7 },
      'INVALID_PARAMETER_VALUE',
    ],
  ])('refuse a repair %s', async (_, ends, body, code) => {
    const run = await runNow({ job_id: await jobNamed('rtstream-silver') })
    if (ends) await cancel(run)
    if (ends) await hasEnded(run)
    expect(await repair(run, body)).toMatchObject({ status: 400, body: { error_code: code } })
    expect(plane.engine.runs).toHaveLength(1)
  })

  it('are found by a GET whose parameters are its body, as Airflow’s deferred operators ask', async () => {
    const job_id = await jobNamed('rtstream-silver')
    const run = await runNow({ job_id })
    const ask = async (path: string, body: unknown) => {
      const { promise, resolve, reject } = Promise.withResolvers<{
        status: number | undefined
        body: unknown
      }>()
      const sent = typeof body === 'string' ? body : JSON.stringify(body)
      const headers = { authorization: `Bearer ${TOKEN}`, 'content-length': String(Buffer.byteLength(sent)) }
      const request = https.request(`${plane.url}${path}`, { method: 'GET', headers }, async (answer) => {
        let text = ''
        for await (const chunk of answer) text += chunk
        resolve({ status: answer.statusCode, body: JSON.parse(text) })
      })
      request.on('error', reject).end(sent)
      return promise
    }
    expect(await ask(`${API}/runs/get`, { run_id: run })).toMatchObject({
      status: 200,
      body: { run_id: run },
    })
    expect(await ask(`${API}/list`, { limit: 1, expand_tasks: true, name: null })).toMatchObject({
      body: { jobs: [{ settings: { tasks: [{}] } }], next_page_token: expect.any(String) },
    })
    // What stands in the address comes first.
    expect(await ask(`${API}/runs/get?run_id=${run}`, { run_id: 1 })).toMatchObject({ status: 200 })
    expect(await ask('/api/2.0/workspace/get-status', { path: '/Shared' })).toMatchObject({ status: 200 })
    expect(await ask(`${API}/list`, 'junk')).toMatchObject({
      status: 400,
      body: { error_code: 'MALFORMED_REQUEST' },
    })
  })

  it('are listed active only, or completed only', async () => {
    const silver = await runNow({ job_id: await jobNamed('rtstream-silver') })
    const gold = await runNow({ job_id: await jobNamed('rtstream-gold') })
    await cancel(silver)
    const ids = async (query: string) =>
      ((await rest('GET', `${API}/runs/list?${query}`)).body.runs ?? []).map(
        (run: { run_id: number }) => run.run_id,
      )
    await vi.waitFor(async () => expect(await ids('active_only=true')).toEqual([gold]))
    expect(await ids('completed_only=true')).toEqual([silver])
    expect((await rest('GET', `${API}/runs/list?active_only=true&completed_only=true`)).status).toBe(400)
  })

  it('that were under way when the process ended are lost, and ids go on', async () => {
    const run = await runNow({ job_id: await jobNamed('rtstream-silver'), idempotency_token: 'before' })
    const survivor = await startFromStateOf(plane)
    try {
      const other = restCaller(`${survivor.url}/databricks`, TOKEN)
      expect((await other('GET', `${API}/runs/get?run_id=${run}`)).body).toMatchObject({
        status: {
          state: 'TERMINATED',
          termination_details: { code: 'DRIVER_ERROR', type: 'INTERNAL_ERROR' },
        },
        state: { life_cycle_state: 'INTERNAL_ERROR' },
      })
      const job_id = (await other('GET', `${API}/list?name=rtstream-silver`)).body.jobs[0].job_id
      expect((await other('POST', `${API}/run-now`, { job_id })).body.run_id).toBeGreaterThan(run)
      // A client that asks again, not knowing whether it was heard, gets the run that it had asked for.
      const again = await other('POST', `${API}/run-now`, { job_id, idempotency_token: 'before' })
      expect(again.body.run_id).toBe(run)
    } finally {
      await survivor.close()
    }
  })
})

describe('the workspace', () => {
  const W = '/api/2.0/workspace'
  const content = Buffer.from('# Databricks notebook source').toString('base64')

  it('takes folders and notebooks, lists and gives them back, and keeps them', async () => {
    expect((await rest('POST', `${W}/mkdirs`, { path: '/Shared/rtstream-tui/a' })).status).toBe(200)
    const path = '/Shared/rtstream-tui/silver'
    const notebook = { path, format: 'SOURCE', language: 'PYTHON', content }
    expect((await rest('POST', `${W}/import`, notebook)).status).toBe(200)
    expect((await rest('POST', `${W}/import`, notebook)).body.error_code).toBe('RESOURCE_ALREADY_EXISTS')
    expect((await rest('POST', `${W}/import`, { ...notebook, overwrite: true })).status).toBe(200)
    await plane.close()
    await start({ folder: plane.folder })
    expect((await rest('GET', `${W}/get-status?path=${path}`)).body).toMatchObject({
      object_type: 'NOTEBOOK',
      path,
      language: 'PYTHON',
      created_at: expect.any(Number),
      modified_at: expect.any(Number),
    })
    expect((await rest('GET', `${W}/list?path=/Shared/rtstream-tui`)).body.objects).toMatchObject([
      { object_type: 'DIRECTORY', path: '/Shared/rtstream-tui/a' },
      { object_type: 'NOTEBOOK', path, language: 'PYTHON' },
    ])
    expect((await rest('GET', `${W}/export?path=${path}&format=SOURCE`)).body.content).toBe(content)
  })

  it('writes over an object by one of its own kind only', async () => {
    const at = { path: '/Shared/one', content, overwrite: true }
    const [file, notebook] = [
      { ...at, format: 'RAW' },
      { ...at, language: 'PYTHON' },
    ]
    const mismatch = (asked: string, actual: string) => ({
      status: 400,
      body: {
        error_code: 'INVALID_PARAMETER_VALUE',
        message: `Cannot overwrite the asset at /Shared/one due to type mismatch (asked: ${asked}, actual: ${actual}).`,
      },
    })
    await rest('POST', `${W}/import`, file)
    expect(await rest('POST', `${W}/import`, notebook)).toMatchObject(mismatch('NOTEBOOK', 'FILE'))
    expect((await rest('POST', `${W}/import`, file)).status).toBe(200)
    expect(await rest('POST', `${W}/mkdirs`, { path: '/Shared/one/below' })).toMatchObject({
      status: 400,
      body: {
        error_code: 'RESOURCE_ALREADY_EXISTS',
        message: '/Shared/one already exists and it is not a folder',
      },
    })
    await rest('POST', `${W}/delete`, { path: '/Shared/one' })
    await rest('POST', `${W}/import`, notebook)
    expect(await rest('POST', `${W}/import`, file)).toMatchObject(mismatch('FILE', 'NOTEBOOK'))
    await rest('POST', `${W}/delete`, { path: '/Shared/one' })
    await rest('POST', `${W}/mkdirs`, { path: '/Shared/one' })
    expect(await rest('POST', `${W}/import`, file)).toMatchObject(mismatch('FILE', 'DIRECTORY'))
  })

  it('says of a path what is wrong with it', async () => {
    const refused = async (path?: string) =>
      (await rest('GET', `${W}/get-status${path === undefined ? '' : `?path=${path}`}`)).body.message
    expect(await refused('Shared/one')).toBe("Path (Shared/one) doesn't start with '/'")
    expect(await refused()).toBe('path is missing.')
    expect(await refused(`/${'a'.repeat(1000)}`)).toBe('path has more than 1000 characters.')
  })

  it.each([
    ['PYTHON', '#'],
    ['SQL', '--'],
    ['SCALA', '//'],
    ['R', '#'],
  ])('gives the source of a notebook in %s its first line', async (language, comment) => {
    const path = '/Shared/bare'
    const bare = { path, format: 'SOURCE', language, content: Buffer.from('1').toString('base64') }
    expect((await rest('POST', `${W}/import`, bare)).status).toBe(200)
    const { body } = await rest('GET', `${W}/export?path=${path}`)
    expect(Buffer.from(body.content, 'base64').toString()).toBe(`${comment} Databricks notebook source\n1`)
  })

  it.each([
    [
      'a notebook in no folder',
      'POST',
      'import',
      { path: '/Nowhere/x', content, language: 'PYTHON' },
      404,
      'RESOURCE_DOES_NOT_EXIST',
    ],
    ['a notebook without content', 'POST', 'import', { path: '/Shared/x' }, 400, 'INVALID_PARAMETER_VALUE'],
    [
      'an unknown language',
      'POST',
      'import',
      { path: '/Shared/x', content, language: 'COBOL' },
      400,
      'INVALID_PARAMETER_VALUE',
    ],
    ['a path that is not absolute', 'POST', 'mkdirs', { path: 'Shared' }, 400, 'INVALID_PARAMETER_VALUE'],
    [
      'a path that is not there',
      'GET',
      'get-status?path=/Shared/none',
      undefined,
      404,
      'RESOURCE_DOES_NOT_EXIST',
    ],
    [
      'source without a language',
      'POST',
      'import',
      { path: '/Shared/x', content },
      400,
      'INVALID_PARAMETER_VALUE',
    ],
    [
      'content that is no base64',
      'POST',
      'import',
      { path: '/Shared/x', content: '$', language: 'PYTHON' },
      400,
      'INVALID_PARAMETER_VALUE',
    ],
    ['a path that leads upwards', 'GET', 'get-status?path=/Shared/../Users', undefined, 400, 'BAD_REQUEST'],
    ['to make a folder upwards', 'POST', 'mkdirs', { path: '/Shared/a/..' }, 400, 'BAD_REQUEST'],
    ['to delete what is not there', 'POST', 'delete', { path: '/Shared/x' }, 404, 'RESOURCE_DOES_NOT_EXIST'],
    ['to delete its own folders', 'POST', 'delete', { path: '/', recursive: true }, 400, 'BAD_REQUEST'],
    ['the export of a folder', 'GET', 'export?path=/Shared', undefined, 400, 'INVALID_PARAMETER_VALUE'],
  ])('refuses %s', async (_, method, path, body, status, error_code) => {
    expect(await rest(method, `${W}/${path}`, body)).toMatchObject({ status, body: { error_code } })
  })
})

it('the workspace takes objects of 10 MiB, which are larger in base64, and says the size of larger ones', async () => {
  const take = (bytes: number) =>
    rest('POST', '/api/2.0/workspace/import', {
      path: '/Shared/large.bin',
      content: Buffer.alloc(bytes).toString('base64'),
      format: 'RAW',
      overwrite: true,
    })
  expect((await take(10_485_760)).status).toBe(200)
  expect(await take(10_485_761)).toMatchObject({
    status: 400,
    body: {
      error_code: 'MAX_NOTEBOOK_SIZE_EXCEEDED',
      message: 'File size imported is (10485761 bytes), exceeded max size (10485760 bytes)',
    },
  })
})

describe('the workspace, as its tools write paths', () => {
  it('has a second name for its root', async () => {
    const at = '/api/2.0/workspace'
    expect((await rest('POST', `${at}/mkdirs`, { path: '/Workspace/Shared/mine' })).status).toBe(200)
    const content = Buffer.from('print(1)').toString('base64')
    await rest('POST', `${at}/import`, { path: '/Workspace/Shared/mine/x.py', content, format: 'RAW' })
    for (const path of ['/Shared/mine', '/Workspace/Shared/mine', '/Workspace/Shared/mine/'])
      expect((await rest('GET', `${at}/list?path=${path}`)).body.objects).toMatchObject([
        { object_type: 'FILE', path: '/Shared/mine/x.py', size: 8 },
      ])
    expect((await rest('GET', `${at}/list?path=/Workspace`)).body).toEqual(
      (await rest('GET', `${at}/list?path=/`)).body,
    )
    expect((await rest('GET', `${at}/get-status?path=/Workspaces`)).status).toBe(404)
  })

  // Databricks' SDKs put files there without making the folder.
  it('has a folder for its user, which takes objects at once and stays', async () => {
    const at = '/api/2.0/workspace'
    const { userName } = (await rest('GET', '/api/2.0/preview/scim/v2/Me')).body
    const content = Buffer.from('print(1)').toString('base64')
    const path = `/Users/${userName}/mine.txt`
    expect((await rest('POST', `${at}/import`, { path, content, format: 'AUTO' })).status).toBe(200)
    expect((await rest('POST', `${at}/delete`, { path: `/Users/${userName}`, recursive: true })).status).toBe(
      400,
    )
  })

  // As libs/filer of databricks/cli does, whose tests run against the service.
  it('takes files as the command line uploads them', async () => {
    const at = '/api/2.0/workspace'
    const write = async (path: string, body: string, overwrite: boolean) => {
      const url = `${plane.url}/databricks/api/2.0/workspace-files/import-file/${encodeURIComponent(path)}?overwrite=${overwrite}`
      const answer = await fetch(url, { method: 'POST', headers: { authorization: `Bearer ${TOKEN}` }, body })
      return { status: answer.status, body: (await answer.json()) as Record<string, unknown> }
    }
    const read = async (path: string) =>
      (await rest('GET', `${at}/export?path=${path}&format=SOURCE`)).body.content
    expect((await write('Workspace/Users/local/cli/a b.txt', 'one', false)).status).toBe(404)
    await rest('POST', `${at}/mkdirs`, { path: '/Workspace/Users/local/cli' })
    expect((await write('Workspace/Users/local/cli/a b.txt', 'one', false)).status).toBe(200)
    expect(await write('Workspace/Users/local/cli/a b.txt', 'two', false)).toMatchObject({ status: 409 })
    const [first] = (await rest('GET', `${at}/list?path=/Users/local/cli`)).body.objects
    expect(first).toMatchObject({ object_type: 'FILE', path: '/Users/local/cli/a b.txt', size: 3 })
    expect(first.created_at).toBeGreaterThan(1_700_000_000_000)
    expect((await write('Workspace/Users/local/cli/a b.txt', '2, longer', true)).status).toBe(200)
    expect(Buffer.from(await read('/Users/local/cli/a b.txt'), 'base64').toString()).toBe('2, longer')
    const [second] = (await rest('GET', `${at}/list?path=/Users/local/cli`)).body.objects
    expect(second.created_at).toBe(first.created_at)
    expect(second.modified_at).toBeGreaterThanOrEqual(first.modified_at)

    const notebook = '# Databricks notebook source\nprint(1)'
    expect((await write('Users/local/cli/n.py', notebook, false)).status).toBe(200)
    expect(await write('Users/local/cli/n.py', notebook, false)).toMatchObject({
      status: 400,
      body: { message: 'Path (/Users/local/cli/n) already exists.' },
    })
    await rest('POST', `${at}/import`, { path: '/Users/local/cli/m', content: 'MQ==', language: 'PYTHON' })
    expect(await write('Users/local/cli/m', 'no notebook', true)).toMatchObject({
      status: 400,
      body: { message: 'Path (/Users/local/cli/m) already exists.' },
    })
    const status = `${at}/get-status?path=/Users/local/cli/n`
    expect((await rest('GET', `${status}&return_export_info=true`)).body.repos_export_format).toBe('SOURCE')
    expect((await rest('GET', status)).body).not.toHaveProperty('repos_export_format')
  })

  it('gives every object an id of its own, the same each time', async () => {
    const { objects } = (await rest('GET', '/api/2.0/workspace/list?path=/')).body
    const ids = objects.map(({ object_id }: { object_id: number }) => object_id)
    expect(new Set(ids).size).toBe(2)
    for (const { path, object_id } of objects) {
      const { body } = await rest('GET', `/api/2.0/workspace/get-status?path=${path}`)
      expect(body).toMatchObject({ object_id, resource_id: String(object_id) })
      expect(Number.isSafeInteger(object_id)).toBe(true)
    }
  })
})

describe('refusals', () => {
  it.each([
    ['a job that is not there', 'POST', 'run-now', { job_id: 1 }, 400, 'INVALID_PARAMETER_VALUE'],
    ['a run that is not there', 'GET', 'runs/get?run_id=1', undefined, 400, 'INVALID_PARAMETER_VALUE'],
    ['a path that is not there', 'GET', 'nothing', undefined, 404, 'ENDPOINT_NOT_FOUND'],
    ['a body that is no JSON', 'POST', 'run-now', '{', 400, 'MALFORMED_REQUEST'],
    ['a body that is no object', 'POST', 'run-now', '[1]', 400, 'MALFORMED_REQUEST'],
    ['another method', 'DELETE', 'list', undefined, 404, 'ENDPOINT_NOT_FOUND'],
    [
      'settings that are none',
      'POST',
      'create',
      { max_concurrent_runs: 1001 },
      400,
      'INVALID_PARAMETER_VALUE',
    ],
    ['a reset to nothing', 'POST', 'reset', { job_id: 1001 }, 400, 'INVALID_PARAMETER_VALUE'],
    ['a reset to text', 'POST', 'reset', { job_id: 1001, new_settings: 'a' }, 400, 'MALFORMED_REQUEST'],
    ['a change to a list', 'POST', 'update', { job_id: 1001, new_settings: [] }, 400, 'MALFORMED_REQUEST'],
    ['a run of no job', 'POST', 'run-now', {}, 400, 'INVALID_PARAMETER_VALUE'],
    ['a name that is no text', 'POST', 'create', { name: 5 }, 400, 'INVALID_PARAMETER_VALUE'],
    ['tasks that are none', 'POST', 'create', { tasks: [null] }, 400, 'MALFORMED_REQUEST'],
    ['tasks that are no list', 'POST', 'create', { tasks: 'a' }, 400, 'MALFORMED_REQUEST'],
    [
      'a path that is no text',
      'POST',
      'create',
      { tasks: [{ notebook_task: { notebook_path: 7 } }] },
      400,
      'INVALID_PARAMETER_VALUE',
    ],
    ['a queue that is none', 'POST', 'create', { queue: 5 }, 400, 'MALFORMED_REQUEST'],
    ['to delete the pipeline’s own job', 'POST', 'delete', { job_id: 1001 }, 403, 'PERMISSION_DENIED'],
    [
      'a time that is none',
      'GET',
      'runs/list?start_time_from=noon',
      undefined,
      400,
      'INVALID_PARAMETER_VALUE',
    ],
    [
      'a type of runs that is none',
      'GET',
      'runs/list?run_type=FUN',
      undefined,
      400,
      'INVALID_PARAMETER_VALUE',
    ],
  ])('%s, in Databricks’ form', async (_, method, path, body, status, error_code) => {
    expect(await rest(method, `${API}/${path}`, body)).toMatchObject({
      status,
      body: { error_code, message: expect.any(String) },
    })
  })

  it('what is not there is named in the service’s recorded words', async () => {
    expect((await rest('GET', `${API}/get?job_id=1`)).body).toEqual({
      error_code: 'INVALID_PARAMETER_VALUE',
      message: 'Job 1 does not exist.',
    })
    expect((await rest('GET', `${API}/runs/get?run_id=1`)).body.message).toMatch(/doesn't exist\.$/)
  })

  it('a job whose notebook nobody has', async () => {
    const tasks = [{ task_key: 'a', notebook_task: { notebook_path: '/Shared/platinum' } }]
    const { job_id } = (await rest('POST', `${API}/create`, { name: 'p', tasks })).body
    const { body } = await rest('POST', `${API}/run-now`, { job_id })
    expect(body.message).toContain('/Shared/platinum')
  })

  it('a run of tasks that the job has not', async () => {
    const job_id = await jobNamed('rtstream-silver')
    expect(await rest('POST', `${API}/run-now`, { job_id, only: 'silver' })).toMatchObject({
      status: 400,
      body: { error_code: 'MALFORMED_REQUEST' },
    })
    for (const only of [['gold'], ['silver', 'gold']])
      expect(await rest('POST', `${API}/run-now`, { job_id, only })).toMatchObject({
        status: 400,
        body: { error_code: 'INVALID_PARAMETER_VALUE', message: expect.stringMatching(/^only/) },
      })
    expect(plane.engine.runs).toHaveLength(0)
    const run = await runNow({ job_id, only: ['silver'] })
    expect(await statusOf(run)).toMatchObject({ job_run_id: run, tasks: [{ task_key: 'silver' }] })
  })

  it('a job of several tasks, of which the engine would run one', async () => {
    const task = (task_key: string, name: string) => ({
      task_key,
      notebook_task: { notebook_path: `/Shared/rtstream-tui/${name}` },
    })
    const tasks = [task('a', 'silver'), task('b', 'gold')]
    const { job_id } = (await rest('POST', `${API}/create`, { name: 'both', tasks })).body
    expect(await rest('POST', `${API}/run-now`, { job_id })).toMatchObject({
      status: 400,
      body: { error_code: 'INVALID_PARAMETER_VALUE', message: expect.stringContaining('2 tasks') },
    })
    expect(plane.engine.runs).toHaveLength(0)
  })

  it.each([
    ['GET', '/api/2.2/jobs/runs/export?run_id=1', 'get-output'],
    ['GET', '/api/2.0/permissions/directories/1', 'token of this session'],
    ['POST', '/api/2.1/clusters/create', 'no clusters'],
    ['GET', '/api/2.0/libraries/cluster-status', 'no clusters'],
    ['GET', '/api/2.1/unity-catalog/catalogs', 'Unity Catalog'],
    ['POST', '/api/2.0/sql/statements', 'rtstream-tui sql'],
    ['GET', '/api/2.0/pipelines/1', 'pipelines'],
    ['GET', '/api/2.0/dbfs/list', 'workspace/import'],
    ['GET', '/api/2.0/secrets/list', 'endpoints'],
    ['GET', '/api/2.0/repos/1', 'Git'],
  ])('%s %s says what to do instead', async (method, path, words) => {
    const { status, body } = await rest(method, path, method === 'POST' ? {} : undefined)
    expect(status).toBe(404)
    expect(body).toEqual({ error_code: 'ENDPOINT_NOT_FOUND', message: expect.stringContaining(words) })
    // By the path that the client asked for, as the service names it: without host and version.
    const asked = path.split('?')[0]?.replace(/^\/api\/\d\.\d/, '')
    expect(body.message).toContain(`No API found for '${method} ${asked}'.`)
  })

  it('a wrong token', async () => {
    const stranger = restCaller(`${plane.url}/databricks`, 'wrong')
    expect(await stranger('GET', `${API}/list`)).toMatchObject({
      status: 403,
      body: {
        error_code: 403,
        message: expect.stringMatching(/^Invalid access token\..*rtstream-tui endpoints/),
      },
    })
    const nobody = await restCaller(`${plane.url}/databricks`, undefined)('GET', `${API}/list`)
    expect(nobody).toMatchObject({
      status: 401,
      body: { error_code: 401, message: expect.stringMatching(/^Credential was not sent/) },
    })
    expect(nobody.headers.get('www-authenticate')).toBe('Bearer realm="DatabricksRealm"')
  })

  it('more requests than the limit, with the time to come back', async () => {
    await plane.close()
    await start({ databricksLimit: { perSecond: 1, burst: 3 } })
    const answers = await Promise.all([1, 2, 3, 4, 5].map(() => rest('GET', `${API}/list`)))
    const refused = answers.filter(({ status }) => status === 429)
    expect(refused.length).toBeGreaterThanOrEqual(1)
    expect(refused[0]?.headers.get('retry-after')).toBe('1')
    expect(refused[0]?.body.error_code).toBe('REQUEST_LIMIT_EXCEEDED')
    // The other services are not concerned.
    expect(
      (await restCaller(plane.url, TOKEN)('GET', '/synapse/pipelines?api-version=2020-12-01')).status,
    ).toBe(200)
  })
})

describe('a run without a job', () => {
  const task = (path: string, more: object = {}) => ({
    task_key: 'once',
    notebook_task: { notebook_path: path, base_parameters: { day: '1' } },
    ...more,
  })
  const submit = (body: object) => rest('POST', `${API}/runs/submit`, body)
  const runIds = async (query: string) =>
    ((await rest('GET', `${API}/runs/list?${query}`)).body.runs ?? []).map(
      ({ run_id }: { run_id: number }) => run_id,
    )

  it('runs the notebook of its task, is told as such, and is cancelled like any', async () => {
    const { status, body } = await submit({ run_name: 'mine', tasks: [task('/x/gold')] })
    expect([status, body]).toEqual([200, { run_id: expect.any(Number) }])
    expect(plane.engine.runs.map(({ notebook }) => notebook)).toEqual(['gold'])
    const run = await statusOf(body.run_id)
    expect(run).toMatchObject({ run_type: 'SUBMIT_RUN', run_name: 'mine' })
    expect(run.tasks).toEqual([expect.objectContaining(task('/x/gold'))])
    const silver = await runNow({ job_id: await jobNamed('rtstream-silver') })
    expect((await runIds('')).sort()).toEqual([body.run_id, silver].sort())
    expect(await runIds('run_type=SUBMIT_RUN')).toEqual([body.run_id])
    expect(await runIds('run_type=JOB_RUN')).toEqual([silver])
    expect((await rest('GET', `${API}/get?job_id=${run.job_id}`)).status).toBe(400)
    await cancel(body.run_id)
    await vi.waitFor(async () => expect((await statusOf(body.run_id)).state.result_state).toBe('CANCELED'))
    await plane.close()
    await start({ folder: plane.folder })
    expect(await statusOf(body.run_id)).toMatchObject({ run_type: 'SUBMIT_RUN', run_name: 'mine' })
  })

  it('is begun once for a token, and named Untitled, its notebook beside the cluster as older clients send it', async () => {
    const asked = {
      new_cluster: { spark_version: '16.4.x-scala2.12', num_workers: 1 },
      notebook_task: { notebook_path: '/x/silver' },
      idempotency_token: 'one',
    }
    const [first, second] = [await submit(asked), await submit(asked)]
    expect(second.body).toEqual(first.body)
    expect(await statusOf(first.body.run_id)).toMatchObject({ run_name: 'Untitled' })
    expect(plane.engine.runs).toHaveLength(1)
  })

  it.each([
    ['without a task', { run_name: 'x' }, 'The run has no notebook task'],
    [
      'of two tasks',
      { tasks: [task('/x/silver'), task('/x/gold', { task_key: 'two' })] },
      'The run has 2 tasks',
    ],
    ['of another notebook', { tasks: [task('/x/mine')] }, 'no notebook /x/mine'],
    [
      'with clusters of a job',
      { job_clusters: [{ job_cluster_key: 'c' }], tasks: [task('/x/gold', { job_cluster_key: 'c' })] },
      'Shared job cluster feature is not supported in runs/submit API.',
    ],
    ['of too much', { tasks: [task('/x/gold', { description: 'x'.repeat(100_000) })] }, '100,000 bytes'],
  ])('%s is refused', async (_, body, message) => {
    expect(await submit(body)).toMatchObject({
      status: 400,
      body: { error_code: 'INVALID_PARAMETER_VALUE', message: expect.stringContaining(message) },
    })
    expect(plane.engine.runs).toHaveLength(0)
  })
})
