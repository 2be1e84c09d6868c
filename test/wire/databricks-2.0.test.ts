/** Version 2.0 of the Jobs API, as its reference and the guide "Updating from Jobs API 2.0 to 2.1" describe it. */
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { type ControlPlane, removeFolders, startControlPlane, TOKEN } from '../support/control-plane.ts'
import { restCaller } from '../support/rest.ts'

let plane: ControlPlane
let rest: ReturnType<typeof restCaller>
beforeAll(async () => {
  plane = await startControlPlane()
  rest = restCaller(plane.url, TOKEN)
})
afterAll(async () => {
  await plane.close()
  removeFolders()
})

const OLD = '/api/2.0/jobs'
const NEW = '/api/2.2/jobs'
const notebook_task = { notebook_path: '/x/gold' }
const settings = {
  name: 'one task',
  notebook_task,
  existing_cluster_id: '7',
  max_retries: 2,
  timeout_seconds: 60,
}
const create = async () => (await rest('POST', `${OLD}/create`, settings)).body.job_id as number
const get = async (version: string, job: number) =>
  (await rest('GET', `${version}/get?job_id=${job}`)).body.settings

describe('a job of version 2.0', () => {
  it('has its task among its settings, and is one of a single task for later versions', async () => {
    const job = await create()
    expect(await get(OLD, job)).toMatchObject({ ...settings, format: 'SINGLE_TASK' })
    expect(await get(OLD, job)).not.toHaveProperty('tasks')
    const { name, ...task } = settings
    const told = await get(NEW, job)
    expect(told).toMatchObject({ name, format: 'MULTI_TASK', tasks: [{ task_key: 'one_task', ...task }] })
    expect(told).not.toHaveProperty('notebook_task')
  })

  it('is changed in its own format, and by a task of a later one', async () => {
    const job = await create()
    const fields_to_remove = ['max_retries']
    await rest('POST', `${OLD}/update`, {
      job_id: job,
      new_settings: { existing_cluster_id: '8' },
      fields_to_remove,
    })
    expect(await get(OLD, job)).toMatchObject({ notebook_task, existing_cluster_id: '8' })
    expect(await get(OLD, job)).not.toHaveProperty('max_retries')
    await rest('POST', `${NEW}/update`, {
      job_id: job,
      new_settings: { tasks: [{ task_key: 'b', notebook_task }] },
    })
    expect(await get(OLD, job)).toMatchObject({ format: 'MULTI_TASK', tasks: [{}, { task_key: 'b' }] })
    await rest('POST', `${OLD}/reset`, { job_id: job, new_settings: settings })
    expect(await get(OLD, job)).toMatchObject({ ...settings, format: 'SINGLE_TASK' })
  })

  it('stands in the list beside those of several tasks, all in one page', async () => {
    const job = await create()
    const { jobs, ...more } = (await rest('GET', `${OLD}/list`)).body
    expect(more).toEqual({})
    const formatOf = (id: number) => jobs.find((one: { job_id: number }) => one.job_id === id).settings.format
    expect([formatOf(job), formatOf(1001)]).toEqual(['SINGLE_TASK', 'MULTI_TASK'])
  })
})

describe('a run of version 2.0', () => {
  it.each([
    ['of a job', async () => (await rest('POST', `${OLD}/run-now`, { job_id: await create() })).body.run_id],
    [
      'without a job',
      async () =>
        (await rest('POST', `${OLD}/runs/submit`, { notebook_task, existing_cluster_id: '7' })).body.run_id,
    ],
  ])('%s has its task and its output itself; for later versions its task has', async (_, begin) => {
    const run_id = await begin()
    const run = await rest('GET', `${OLD}/runs/get?run_id=${run_id}`)
    expect(run.body).toMatchObject({
      run_id,
      task: { notebook_task },
      cluster_spec: { existing_cluster_id: '7' },
      attempt_number: 0,
      format: 'SINGLE_TASK',
    })
    expect(run.body).not.toHaveProperty('tasks')
    const [listed] = (await rest('GET', `${OLD}/runs/list?limit=1000`)).body.runs
    expect(listed).toMatchObject({ run_id, task: { notebook_task } })
    plane.engine.last.progress = { batchId: 1, inputRows: 2, durationMs: 3, at: 4 }
    const output = await rest('GET', `${OLD}/runs/get-output?run_id=${run_id}`)
    expect(output.body).toMatchObject({ metadata: { run_id, format: 'SINGLE_TASK' } })
    expect(JSON.parse(output.body.notebook_output.result)).toMatchObject({ inputRows: 2 })
    expect((await rest('GET', `${NEW}/runs/get-output?run_id=${run_id}`)).status).toBe(400)
    expect((await rest('GET', `${NEW}/runs/get?run_id=${run_id}`)).body.tasks).toMatchObject([
      { notebook_task },
    ])
    await rest('POST', `${OLD}/runs/cancel`, { run_id })
    await vi.waitFor(async () =>
      expect((await rest('GET', `${OLD}/runs/get?run_id=${run_id}`)).body.state.result_state).toBe(
        'CANCELED',
      ),
    )
  })
})
