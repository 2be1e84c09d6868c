/** The parts of Azure's REST that doctor and setup use, as documented, over a few maps in memory. */
import type { TokenCredential } from '@azure/identity'
import { BRONZE_OUTPUT } from '../../src/contract/bronze-layout.ts'
import type { Answer, SeenRequest } from './fault-proxy.ts'

export const SUBSCRIPTION = '11111111-2222-3333-4444-555555555555'
export const TENANT = '99999999-8888-7777-6666-555555555555'
export const PERSON = 'aaaaaaaa-0000-0000-0000-000000000001'
export const JOB_PRINCIPAL = 'aaaaaaaa-0000-0000-0000-000000000002'

export interface AzureStub {
  handler: (request: SeenRequest) => Answer | undefined
  /** Everything that was made, by its path or name. */
  made: Map<string, unknown>
  /** Changed by tests before they look. */
  providers: Record<string, string>
  quotas: Record<string, { used: number; limit: number }>
  /** By provider and type, in which regions they are; a type that is not named is not told of. */
  regions: Record<string, Record<string, string[]>>
  roles: Record<string, string[]>
  job: {
    state: string
    consumerGroup: string
    writeMode: string | undefined
    query: string | undefined
    output: Record<string, string>
    lateArrivalSeconds: number
  }
  /** The stop of a job is never over. */
  stopsForEver: boolean
  sessions: { id: number; name: string; state: string }[]
  consumerGroups: string[]
  containers: string[]
  subscriptionState: string
  /** Epoch milliseconds that the services believe it is; undefined: the truth. */
  time: number | undefined
}

/** A token that says who we are, as Entra's do. */
export function personCredential(claims: Record<string, unknown> = {}): TokenCredential {
  const body = { oid: PERSON, tid: TENANT, upn: 'ada@example.org', ...claims }
  const token = `h.${Buffer.from(JSON.stringify(body)).toString('base64url')}.s`
  return { getToken: async () => ({ token, expiresOnTimestamp: Number.MAX_SAFE_INTEGER }) }
}

const ok = (body: unknown): Answer => ({ status: 200, body })
const missing = (what: string): Answer => ({
  status: 404,
  body: { error: { code: 'NotFound', message: `${what} was not found.` } },
})
const databricksMissing: Answer = {
  status: 404,
  body: { error_code: 'RESOURCE_DOES_NOT_EXIST', message: 'It does not exist.' },
}

export function createAzureStub(): AzureStub {
  const stub: AzureStub = {
    handler: (request) => {
      const url = new URL(request.path, 'http://stub')
      const answer = route(stub, request, url)
      const date: Record<string, string> =
        stub.time === undefined ? {} : { date: new Date(stub.time).toUTCString() }
      return answer && { ...answer, headers: { ...date, ...answer.headers } }
    },
    made: new Map(),
    providers: {},
    regions: {
      'Microsoft.Storage': { storageAccounts: ['West Europe', 'North Europe'] },
      'Microsoft.Synapse': { workspaces: ['North Europe', 'West Europe'], privateLinkHubs: [] },
    },
    quotas: { cores: { used: 0, limit: 100 }, standardDSv3Family: { used: 0, limit: 100 } },
    roles: {
      [JOB_PRINCIPAL]: ['a638d3c7-ab3a-418d-83e6-5f17a39d4fde', 'ba92f5b4-2d11-453d-a403-e96b0029c9fe'],
    },
    job: {
      state: 'Created',
      consumerGroup: 'stream-analytics',
      writeMode: 'Once',
      query: 'SELECT',
      output: { ...BRONZE_OUTPUT },
      lateArrivalSeconds: 5,
    },
    stopsForEver: false,
    sessions: [],
    consumerGroups: ['stream-analytics', 'monitor'],
    containers: ['bronze', 'silver', 'gold', 'checkpoints'],
    subscriptionState: 'Enabled',
    time: undefined,
  }
  return stub
}

function route(stub: AzureStub, request: SeenRequest, url: URL): Answer | undefined {
  const { pathname: path } = url
  if (path.startsWith('/subscriptions/')) return management(stub, request, url)
  if (path.startsWith('/api/')) return databricks(stub, request, url)
  if (
    path.startsWith('/notebooks/') ||
    path.startsWith('/pipelines/') ||
    path.startsWith('/operationResults/')
  ) {
    return synapse(stub, request, path)
  }
  if (path.startsWith('/livyApi/')) {
    const from = Number(url.searchParams.get('from') ?? 0)
    // Of Livy: no more than 20 at once.
    return ok({ from, total: stub.sessions.length, sessions: stub.sessions.slice(from, from + 20) })
  }
  const container = path.slice(1)
  return stub.containers.includes(container) ? ok({ paths: [] }) : missing(container)
}

function management(stub: AzureStub, request: SeenRequest, url: URL): Answer | undefined {
  const path = decodeURIComponent(url.pathname)
  const rest = path.slice(`/subscriptions/${SUBSCRIPTION}`.length)
  if (rest === '') {
    return ok({ displayName: 'Workshop', state: stub.subscriptionState, tenantId: TENANT })
  }
  if (rest === '/metrics:getBatch') return request.method === 'POST' ? ok({ values: [] }) : undefined
  const usages = /^\/providers\/Microsoft\.Compute\/locations\/\w+\/usages$/.test(rest)
  if (usages) {
    const value = Object.entries(stub.quotas).map(([name, { used, limit }]) => ({
      name: { value: name },
      currentValue: used,
      limit,
    }))
    return ok({ value })
  }
  const provider = /^\/providers\/([\w.]+)$/.exec(rest)?.[1]
  if (provider) {
    const registrationState = stub.providers[provider] ?? 'Registered'
    // Asked once more it is done.
    if (registrationState === 'Registering') stub.providers[provider] = 'Registered'
    const types = Object.entries(stub.regions[provider] ?? {})
    const resourceTypes = types.map(([resourceType, locations]) => ({ resourceType, locations }))
    return ok({ registrationState, resourceTypes })
  }
  const registers = /^\/providers\/([\w.]+)\/register$/.exec(rest)?.[1]
  if (registers && request.method === 'POST') {
    stub.providers[registers] = 'Registering'
    return ok({ registrationState: 'Registering' })
  }
  if (rest.endsWith('/roleAssignments')) {
    const who = /assignedTo\('([^']+)'\)/.exec(url.searchParams.get('$filter') ?? '')?.[1] ?? ''
    const value = (stub.roles[who] ?? []).map((id) => ({
      properties: { roleDefinitionId: `/x/roleDefinitions/${id}` },
    }))
    return ok({ value })
  }
  const group = /\/consumergroups\/(.+)$/.exec(rest)?.[1]
  if (group) return stub.consumerGroups.includes(group) ? ok({ name: group }) : missing(group)
  const { state, consumerGroup, writeMode, query, output, lateArrivalSeconds } = stub.job
  if (/\/streamingjobs\/[^/]+\/stop$/.test(rest) && request.method === 'POST') {
    stub.job.state = 'Stopping'
    return { status: 202 }
  }
  if (/\/streamingjobs\/[^/]+$/.test(rest)) {
    // The next look finds it stopped.
    if (state === 'Stopping' && !stub.stopsForEver) stub.job.state = 'Stopped'
    const transformation = query === undefined ? {} : { transformation: { properties: { query } } }
    return ok({
      identity: { principalId: JOB_PRINCIPAL },
      properties: {
        jobState: state,
        eventsLateArrivalMaxDelayInSeconds: lateArrivalSeconds,
        ...transformation,
      },
    })
  }
  if (rest.endsWith('/inputs')) {
    const properties = { consumerGroupName: consumerGroup, eventHubName: 'weather' }
    return ok({ value: [{ name: 'weather', properties: { datasource: { properties } } }] })
  }
  if (rest.endsWith('/outputs')) {
    const properties = { container: 'bronze', ...output, blobWriteMode: writeMode }
    return ok({ value: [{ name: 'bronze', properties: { datasource: { properties } } }] })
  }
  return undefined
}

function databricks({ made }: AzureStub, request: SeenRequest, url: URL): Answer | undefined {
  const path = url.pathname
  const body = request.body ? (JSON.parse(request.body) as Record<string, unknown>) : {}
  if (path === '/api/2.0/preview/scim/v2/Me') return ok({ userName: 'ada@example.org' })
  if (path === '/api/2.0/workspace/mkdirs' || path === '/api/2.0/workspace/import') {
    made.set(String(body.path), body)
    return ok({})
  }
  if (path === '/api/2.0/workspace/get-status' || path === '/api/2.0/workspace/export') {
    const found = made.get(url.searchParams.get('path') ?? '') as { content?: string } | undefined
    return found ? ok({ content: found.content }) : databricksMissing
  }
  if (path === '/api/2.2/jobs/list') {
    const name = url.searchParams.get('name')
    const jobs = [...made].filter(
      ([key, value]) => key.startsWith('job:') && (value as { name: string }).name === name,
    )
    return ok({ jobs: jobs.map(([key]) => ({ job_id: Number(key.slice(4)) })) })
  }
  if (path === '/api/2.2/jobs/get') return ok({ settings: made.get(`job:${url.searchParams.get('job_id')}`) })
  if (path === '/api/2.2/jobs/create') {
    const id = 1000 + made.size
    made.set(`job:${id}`, body)
    return ok({ job_id: id })
  }
  if (path === '/api/2.2/jobs/reset') {
    made.set(`job:${body.job_id}`, body.new_settings)
    return ok({})
  }
  const securable = /^\/api\/2\.1\/unity-catalog\/([a-z-]+)(?:\/(.+))?$/.exec(path)
  if (!securable) return undefined
  const key = `${securable[1]}/${securable[2] ?? String(body.name)}`
  if (request.method === 'GET') return made.has(key) ? ok(made.get(key)) : databricksMissing
  made.set(key, { ...(made.get(key) as object | undefined), ...body })
  return ok(made.get(key))
}

/** Puts are long-running: 202 with a place to ask at, which answers 202 once more before it has the result. */
function synapse({ made }: AzureStub, request: SeenRequest, path: string): Answer | undefined {
  if (path.startsWith('/operationResults/')) {
    const key = decodeURIComponent(path.slice('/operationResults/'.length))
    const pending = `pending:${key}`
    if (made.delete(pending))
      return { status: 202, headers: { location: `http://${request.headers.host}${path}` } }
    return ok(made.get(key))
  }
  if (request.method === 'GET') return made.has(path) ? ok(made.get(path)) : missing(path)
  made.set(path, JSON.parse(request.body))
  made.set(`pending:${path}`, true)
  return {
    status: 202,
    headers: {
      location: `http://${request.headers.host}/operationResults/${encodeURIComponent(path)}`,
      'retry-after': '1',
    },
  }
}
