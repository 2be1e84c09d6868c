/** The `policy` of an activity: its timeout and its retries, as documented for activities of pipelines. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type ControlPlane, removeFolders, startControlPlane, TOKEN } from '../support/control-plane.ts'
import { FakeClock } from '../support/fake-clock.ts'
import { restCaller } from '../support/rest.ts'

const clock = new FakeClock()
let plane: ControlPlane
let rest: ReturnType<typeof restCaller>
beforeAll(async () => {
  plane = await startControlPlane({ clock, after: clock.after.bind(clock) })
  rest = restCaller(`${plane.url}/synapse`, TOKEN)
})
afterAll(async () => {
  await plane.close()
  removeFolders()
})

const V = 'api-version=2020-12-01'
const SPAN = { lastUpdatedAfter: '2020-01-01T00:00:00Z', lastUpdatedBefore: '2100-01-01T00:00:00Z' }
const fail = async (why: string) => {
  plane.engine.last.fail(why)
  await clock.advance(0)
}
const begun = () => plane.engine.runs.length
async function begin(policy: object) {
  const typeProperties = { notebook: { referenceName: 'aggregate', type: 'NotebookReference' } }
  const activities = [{ name: 'step', type: 'SynapseNotebook', typeProperties, policy }]
  await rest('PUT', `/pipelines/mine?${V}`, { properties: { activities } })
  return rest('POST', `/pipelines/mine/createRun?${V}`, {})
}
const run = async (policy: object) => (await begin(policy)).body.runId as string
const statusOf = async (id: string) => (await rest('GET', `/pipelineruns/${id}?${V}`)).body
const activities = async (id: string, more: object = {}) =>
  (await rest('POST', `/pipelines/mine/pipelineruns/${id}/queryActivityruns?${V}`, { ...SPAN, ...more })).body
    .value

describe('the policy of an activity', () => {
  it('a retry comes its interval after the failure, as an activity run of its own', async () => {
    const before = begun()
    const id = await run({ retry: 1, retryIntervalInSeconds: 40 })
    await clock.advance(5000)
    await fail('no such column')
    await clock.advance(39_999)
    expect(begun() - before).toBe(1)
    expect((await statusOf(id)).status).toBe('InProgress')
    await clock.advance(1)
    expect(begun() - before).toBe(2)
    await fail('nor that one')
    expect(await statusOf(id)).toMatchObject({
      status: 'Failed',
      message: expect.stringContaining('nor that one'),
    })
    const found = await activities(id)
    expect(found).toMatchObject([
      { status: 'Failed', retryAttempt: null, durationInMs: 5000, error: { message: 'no such column' } },
      { status: 'Failed', retryAttempt: 1, error: { message: 'nor that one' } },
    ])
    expect(found[0].activityRunId).not.toBe(found[1].activityRunId)
    const orderBy = [{ orderBy: 'ActivityRunStart', order: 'DESC' }]
    const [newest] = await activities(id, { orderBy })
    expect(newest.retryAttempt).toBe(1)
  })

  it('a timeout ends the activity, which says so, and fails the pipeline', async () => {
    const id = await run({ timeout: '0.00:10:00' })
    await clock.advance(600_000)
    expect(await statusOf(id)).toMatchObject({
      status: 'Failed',
      message: expect.stringContaining('timeout'),
    })
    const filters = [{ operand: 'Status', operator: 'Equals', values: ['TimedOut'] }]
    expect(await activities(id, { filters })).toMatchObject([{ status: 'TimedOut', durationInMs: 600_000 }])
  })

  it.each([
    ['retry', -1],
    ['retry', { value: '@pipeline().parameters.tries', type: 'Expression' }],
    ['timeout', 'ten minutes'],
    ['retryIntervalInSeconds', 29],
    ['retryIntervalInSeconds', 86_401],
  ])('%s of %j is refused by name', async (name, value) => {
    const answer = await begin({ retry: 1, [name]: value })
    expect(answer).toMatchObject({ status: 400, body: { code: 'BadRequest' } })
    expect(answer.body.message).toContain(`policy.${name}`)
  })
})
