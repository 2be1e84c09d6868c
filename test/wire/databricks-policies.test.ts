/** What a job's settings say of its runs by themselves: how long they may take, how often they are tried again; and who may see them. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import {
  type ControlPlane,
  removeFolders,
  startControlPlane,
  startFromStateOf,
  TOKEN,
} from '../support/control-plane.ts'
import { FakeClock } from '../support/fake-clock.ts'
import { restCaller } from '../support/rest.ts'

let plane: ControlPlane
let clock: FakeClock
/** Runs of the tests before. */
let before: number
let rest: ReturnType<typeof restCaller>
async function start(folder?: string) {
  clock = new FakeClock()
  const after = clock.after.bind(clock)
  plane = await startControlPlane({ clock, after, ...(folder === undefined ? {} : { folder }) })
  rest = restCaller(`${plane.url}/databricks`, TOKEN)
}
beforeAll(() => start())
beforeEach(() => {
  before = plane.engine.runs.length
})
afterAll(async () => {
  await plane.close()
  removeFolders()
})

const API = '/api/2.2/jobs'
const notebook_task = { notebook_path: '/x/gold' }
const create = async (task: object, job: object = {}) =>
  (await rest('POST', `${API}/create`, { ...job, tasks: [{ task_key: 'a', notebook_task, ...task }] })).body
    .job_id as number
const runNow = async (job_id: number) =>
  (await rest('POST', `${API}/run-now`, { job_id })).body.run_id as number
const get = async (run: number, more = '') => (await rest('GET', `${API}/runs/get?run_id=${run}${more}`)).body
const stateOf = async (run: number) => (await get(run)).state
const fail = async (why: string) => {
  plane.engine.last.fail(why)
  await clock.advance(0)
}
const begun = () => plane.engine.runs.length - before

describe('a task with max_retries', () => {
  it('is tried again after a failure, and has an entry for each attempt, as was verified on a live workspace', async () => {
    const job = await create({ max_retries: 1, min_retry_interval_millis: 5000 })
    const run = await runNow(job)
    await clock.advance(2000)
    await fail('no such column')
    // The interval is that between the begins of two attempts.
    expect((await get(run)).status).toEqual({ state: 'WAITING' })
    expect(await stateOf(run)).toMatchObject({ life_cycle_state: 'WAITING_FOR_RETRY' })
    await clock.advance(2999)
    expect(begun()).toBe(1)
    await clock.advance(1)
    expect(begun()).toBe(2)
    expect(await stateOf(run)).toMatchObject({ life_cycle_state: 'PENDING' })
    await fail('nor that one')
    const ended = await get(run, '&include_history=true')
    expect(ended).toMatchObject({
      state: { life_cycle_state: 'TERMINATED', result_state: 'FAILED', state_message: 'nor that one' },
      tasks: [
        {
          attempt_number: 0,
          max_retries: 1,
          state: { result_state: 'FAILED', state_message: 'no such column' },
        },
        { attempt_number: 1, state: { result_state: 'FAILED', state_message: 'nor that one' } },
      ],
    })
    const ids = ended.tasks.map(({ run_id }: { run_id: number }) => run_id)
    expect(new Set(ids).size).toBe(2)
    expect(ended.repair_history).toMatchObject([{ type: 'ORIGINAL', task_run_ids: ids }])
    const second = await get(ids[1])
    expect(second).toMatchObject({ run_id: ids[1], job_run_id: run, original_attempt_run_id: ids[0] })
    expect((await rest('GET', `${API}/runs/get-output?run_id=${ids[0]}`)).body.error).toBe('no such column')
  })

  it('keeps its place while it waits: the next run of the job comes behind it', async () => {
    const job = await create({ max_retries: -1, min_retry_interval_millis: 60_000 })
    const [run, next] = [await runNow(job), await runNow(job)]
    await fail('once')
    expect(begun()).toBe(1)
    expect(await stateOf(next)).toMatchObject({ life_cycle_state: 'QUEUED' })
    await rest('POST', `${API}/runs/cancel`, { run_id: run })
    expect(await stateOf(run)).toMatchObject({ result_state: 'CANCELED' })
    expect(await stateOf(next)).toMatchObject({ life_cycle_state: 'PENDING' })
    await clock.advance(120_000)
    expect(begun()).toBe(2)
  })

  it('is not tried again when somebody ended it', async () => {
    const run = await runNow(await create({ max_retries: 3 }))
    plane.engine.last.endsAtOnce = false
    await rest('POST', `${API}/runs/cancel`, { run_id: run })
    await fail('while it ended')
    await clock.advance(60_000)
    expect(begun()).toBe(1)
  })

  it('is tried without end for -1, and its first and its last attempts are kept', async () => {
    const run = await runNow(await create({ max_retries: -1 }))
    for (let attempt = 0; attempt < 130; attempt++) {
      await fail(`attempt ${attempt}`)
      await clock.advance(1000)
    }
    expect(begun()).toBe(131)
    // Version 2.2 tells them in parts of a hundred.
    const { next_page_token, ...first } = await get(run)
    expect(first.tasks).toHaveLength(100)
    const { next_page_token: none, ...second } = await get(run, `&page_token=${next_page_token}`)
    expect(none).toBeUndefined()
    const tasks = [...first.tasks, ...second.tasks]
    const old = await rest('GET', `/api/2.1/jobs/runs/get?run_id=${run}`)
    expect(old.body.tasks).toEqual(tasks)
    const [listed] = (await rest('GET', `${API}/runs/list?expand_tasks=true`)).body.runs
    expect({ ...listed, tasks: listed.tasks.length }).toMatchObject({
      run_id: run,
      has_more: true,
      tasks: 100,
    })
    const numbers = tasks.map(({ attempt_number }: { attempt_number: number }) => attempt_number)
    expect({ length: numbers.length, first: numbers[0], last: numbers.at(-1) }).toEqual({
      length: 101,
      first: 0,
      last: 130,
    })
    expect(tasks.at(-2).state.state_message).toBe('attempt 129')
  })

  it('is tried again by the next process when its own was killed: the run ended as INTERNAL_ERROR', async () => {
    const run = await runNow(await create({ max_retries: 1 }))
    const survivor = await startFromStateOf(plane, { clock, after: clock.after.bind(clock) })
    try {
      await clock.advance(1000)
      const other = restCaller(`${survivor.url}/databricks`, TOKEN)
      expect((await other('GET', `${API}/runs/get?run_id=${run}`)).body).toMatchObject({
        state: { life_cycle_state: 'PENDING' },
        tasks: [{ attempt_number: 0, state: { life_cycle_state: 'INTERNAL_ERROR' } }, { attempt_number: 1 }],
      })
    } finally {
      await survivor.close()
    }
  })

  it('a repair has retries of its own', async () => {
    const run = await runNow(await create({ max_retries: 1 }))
    for (const why of ['one', 'two']) {
      await fail(why)
      await clock.advance(1000)
    }
    const { repair_id } = (await rest('POST', `${API}/runs/repair`, { run_id: run, rerun_tasks: ['a'] })).body
    await fail('three')
    await clock.advance(1000)
    expect(begun()).toBe(4)
    await fail('four')
    const { tasks, repair_history } = await get(run, '&include_history=true')
    const [a, b, c, d] = tasks.map(({ run_id }: { run_id: number }) => run_id)
    expect(repair_history).toMatchObject([
      { type: 'ORIGINAL', task_run_ids: [a, b] },
      { type: 'REPAIR', id: repair_id, task_run_ids: [c, d] },
    ])
    const latest_repair_id = repair_id
    expect(
      (await rest('POST', `${API}/runs/repair`, { run_id: run, rerun_tasks: ['a'], latest_repair_id }))
        .status,
    ).toBe(200)
  })
})

describe('timeout_seconds', () => {
  const TIMED_OUT = {
    status: { state: 'TERMINATED', termination_details: { code: 'CANCELED' } },
    state: { life_cycle_state: 'TERMINATED', result_state: 'TIMEDOUT', user_cancelled_or_timedout: true },
  }

  it.each([
    ['of the task', { timeout_seconds: 10 }, {}],
    ['of the job', { max_retries: 5, retry_on_timeout: true }, { timeout_seconds: 10 }],
  ])('%s ends its run', async (_, task, job) => {
    const run = await runNow(await create(task, job))
    await clock.advance(9999)
    expect(await stateOf(run)).toMatchObject({ life_cycle_state: 'PENDING' })
    await clock.advance(1)
    expect(await get(run)).toMatchObject(TIMED_OUT)
    expect(begun()).toBe(1)
  })

  it('of a run without a job ends it as well', async () => {
    const body = { timeout_seconds: 10, tasks: [{ task_key: 'a', notebook_task }] }
    const { run_id } = (await rest('POST', `${API}/runs/submit`, body)).body
    await clock.advance(10_000)
    expect(await get(run_id)).toMatchObject(TIMED_OUT)
  })

  it('of the task is tried again only with retry_on_timeout, each attempt with its own time', async () => {
    const policy = { timeout_seconds: 10, max_retries: 1 }
    const plain = await runNow(await create(policy))
    const again = await runNow(await create({ ...policy, retry_on_timeout: true }))
    await clock.advance(10_000)
    expect(await get(plain)).toMatchObject(TIMED_OUT)
    expect(await stateOf(again)).toMatchObject({ life_cycle_state: 'PENDING' })
    await clock.advance(9999)
    expect(await stateOf(again)).toMatchObject({ life_cycle_state: 'PENDING' })
    await clock.advance(1)
    expect(await get(again)).toMatchObject({ ...TIMED_OUT, tasks: [TIMED_OUT, TIMED_OUT] })
  })

  it('of the job holds for all attempts together, also while the next is waited for', async () => {
    const job = await create({ max_retries: -1, min_retry_interval_millis: 60_000 }, { timeout_seconds: 90 })
    const run = await runNow(job)
    await fail('one')
    await clock.advance(60_000)
    await fail('two')
    await clock.advance(30_000)
    expect(await get(run)).toMatchObject(TIMED_OUT)
    await clock.advance(120_000)
    expect(begun()).toBe(2)
  })

  it('of 0 is none, and one of a month is no less', async () => {
    await runNow(await create({ timeout_seconds: 0 }, { timeout_seconds: 0 }))
    const long = await runNow(await create({ timeout_seconds: 30 * 86_400 }))
    await clock.advance(30 * 86_400_000 - 1)
    expect(await stateOf(long)).toMatchObject({ life_cycle_state: 'PENDING' })
    await clock.advance(1)
    expect(await stateOf(long)).toMatchObject({ result_state: 'TIMEDOUT' })
  })

  it.each([
    ['timeout_seconds', -1],
    ['timeout_seconds', 'soon'],
    ['max_retries', -2],
    ['max_retries', 1.5],
    ['min_retry_interval_millis', -1],
    ['retry_on_timeout', 'yes'],
  ])('%s of %s is refused by name', async (name, value) => {
    const answer = await rest('POST', `${API}/create`, {
      tasks: [{ task_key: 'a', notebook_task, [name]: value }],
    })
    expect(answer).toMatchObject({ status: 400, body: { error_code: 'INVALID_PARAMETER_VALUE' } })
    expect(answer.body.message).toContain(`tasks[0].${name}`)
  })
})

describe('permissions of a job', () => {
  const path = (job: number) => `/api/2.0/permissions/jobs/${job}`
  const list = (...entries: [string, string, string][]) => ({
    access_control_list: entries.map(([kind, name, permission_level]) => ({
      [kind]: name,
      permission_level,
    })),
  })
  const told = async (job: number) =>
    ((await rest('GET', path(job))).body.access_control_list as Record<string, unknown>[]).map(
      ({ user_name, group_name, service_principal_name, all_permissions }) => [
        user_name ?? group_name ?? service_principal_name,
        (all_permissions as [{ permission_level: string }])[0].permission_level,
      ],
    )

  it('are replaced, changed for whom they name, and kept', async () => {
    const job = await create({})
    const put = await rest(
      'PUT',
      path(job),
      list(['user_name', 'local', 'IS_OWNER'], ['group_name', 'data', 'CAN_VIEW']),
    )
    expect(put).toMatchObject({ status: 200, body: { object_id: `/jobs/${job}`, object_type: 'job' } })
    await rest(
      'PATCH',
      path(job),
      list(['group_name', 'data', 'CAN_MANAGE'], ['user_name', 'a@b.c', 'CAN_MANAGE_RUN']),
    )
    const all = [
      ['local', 'IS_OWNER'],
      ['data', 'CAN_MANAGE'],
      ['a@b.c', 'CAN_MANAGE_RUN'],
    ]
    expect(await told(job)).toEqual(all)
    await plane.close()
    await start(plane.folder)
    expect(await told(job)).toEqual(all)
    // By the address of before, which deployments still use.
    const preview = `/api/2.0/preview/permissions/jobs/${job}`
    await rest('PATCH', preview, list(['service_principal_name', '7', 'IS_OWNER']))
    expect(await told(job)).toEqual([...all.slice(1), ['7', 'IS_OWNER']])
  })

  it('may come with a new job, whose maker owns it, and are none of its settings', async () => {
    const job = await create({}, list(['group_name', 'data', 'CAN_VIEW']))
    expect(await told(job)).toEqual([
      ['local', 'IS_OWNER'],
      ['data', 'CAN_VIEW'],
    ])
    const { settings } = (await rest('GET', `${API}/get?job_id=${job}`)).body
    expect(settings).not.toHaveProperty('access_control_list')
  })

  it.each([
    ['no owner', [['group_name', 'data', 'CAN_VIEW']], 'The job must have exactly one owner.'],
    [
      'two owners',
      [
        ['user_name', 'a', 'IS_OWNER'],
        ['user_name', 'b', 'IS_OWNER'],
      ],
      'exactly one owner',
    ],
    ['a group as its owner', [['group_name', 'data', 'IS_OWNER']], 'A group cannot be the owner'],
    [
      'a level of other objects',
      [['user_name', 'a', 'CAN_RESTART']],
      "'CAN_RESTART' is no permission level of a job",
    ],
    ['nobody', [['nobody', 'a', 'IS_OWNER']], 'needs one of user_name'],
    [
      'one principal twice',
      [
        ['user_name', 'a', 'IS_OWNER'],
        ['user_name', 'a', 'CAN_VIEW'],
      ],
      'names a twice',
    ],
  ] as [string, [string, string, string][], string][])('with %s are refused', async (_, entries, message) => {
    const job = await create({})
    const answer = await rest('PUT', path(job), list(...entries))
    expect(answer).toMatchObject({ status: 400, body: { error_code: 'INVALID_PARAMETER_VALUE' } })
    expect(answer.body.message).toContain(message)
    expect(await told(job)).toEqual([['local', 'IS_OWNER']])
  })
})
