/** Changes that take an answer of a stand-in away from the form in which the service was recorded. */
import { type Mutation, of } from './mutation.ts'

const JOB = ['test/wire/stream-analytics.test.ts']
const SYNAPSE = ['test/wire/synapse.test.ts']
const DATABRICKS = ['test/wire/databricks.test.ts']
const METRICS = ['test/wire/metrics.test.ts']

export const RECORDED_FORMS: readonly Mutation[] = [
  ...of('local/stream-analytics/operations.ts', JOB, [
    [
      'a start names an Azure-AsyncOperation',
      'return { status: 202, headers: { location, ',
      "return { status: 202, headers: { location, 'azure-asyncoperation': location, ",
    ],
    [
      'a start is accepted with a body',
      'String(this.#options.retryAfterSeconds) } }',
      'String(this.#options.retryAfterSeconds) }, body: {} }',
    ],
    ['a Location is short', 'CERTIFICATE_LENGTH = 3000', 'CERTIFICATE_LENGTH = 300'],
    ['a Location lacks its signature', '      s: letters(`', '      x: letters(`'],
    [
      'a poll names no new Location',
      'headers: { location: this.#location(call, id, operation.polls) }',
      'headers: {}',
    ],
    [
      'a poll says when to come back',
      'headers: { location: this.#location(call, id, operation.polls) }',
      "headers: { location: this.#location(call, id, operation.polls), 'retry-after': '1' }",
    ],
    [
      'an operation ends with a body',
      'return { status: 200, headers: ENDED, body: result }',
      'return { body: {} }',
    ],
    [
      'a start that failed is Resource Manager’s refusal',
      'throw new ProviderError(409, failure.code',
      'throw new HttpError(409, failure.code',
    ],
  ]),
  ...of('local/stream-analytics/routes.ts', JOB, [
    ['a client comes back after a second', 'RETRY_AFTER_SECONDS = 10', 'RETRY_AFTER_SECONDS = 1'],
    ['a description refers to no operation', "{ 'azure-asyncoperation': operations.reference(call) }", '{}'],
    [
      'a description refers to an operation before there was one',
      "job.state === 'Created' ? {} : {",
      'false ? {} : {',
    ],
    [
      'the list of jobs has no nextLink',
      '[listJob(job, expand(call))], nextLink: null',
      '[listJob(job, expand(call))]',
    ],
    ['lists of parts have no nextLink', 'listChild(job, child)), nextLink: null', 'listChild(job, child))'],
    [
      'a conflict is Resource Manager’s refusal',
      "throw new ProviderError(409, 'Conflict'",
      "throw new HttpError(409, 'Conflict'",
    ],
    [
      'a missing part is Resource Manager’s refusal',
      "new ProviderError(404, 'NotFound', `The streaming",
      "new HttpError(404, 'NotFound', `The streaming",
    ],
    [
      'a bad start is Resource Manager’s refusal',
      "new ProviderError(400, 'BadRequest', message)",
      "new HttpError(400, 'BadRequest', message)",
    ],
  ]),
  ...of('local/stream-analytics/provider-error.ts', JOB, [
    ['the provider names no details', ', details: null', ''],
  ]),
  ...of('local/hosting/management.ts', JOB, [
    [
      'Resource Manager words its refusals flat',
      'error instanceof ProviderError ? providerError : armError',
      'error instanceof Error ? providerError : armError',
    ],
  ]),
  ...of('local/stream-analytics/job-resource.ts', JOB, [
    ['an ETag is no GUID', "'$1-$2-$3-$4-$5'", '\'"$1$2$3$4$5"\''],
    ['the job has no identity', '    identity: IDENTITY,\n', ''],
    ['the job names no storage account', '      jobStorageAccount: null,\n', ''],
    ['the job names no policy of its storage', "      contentStoragePolicy: 'SystemAccount',\n", ''],
    ['the job names no cluster', '      cluster: null,\n', ''],
    ['the region has the name for programs', "LOCATION = 'West US'", "LOCATION = 'westus'"],
    ['the sku is not the template’s', "sku: { name: 'StandardV2' }", "sku: { name: 'Standard' }"],
    ['the units are not the template’s', 'STREAMING_UNITS = 3', 'STREAMING_UNITS = 1'],
    ['the query has another name than the template’s', "name: 'query'", "name: 'Transformation'"],
    ['the late-arrival window is not the template’s', 'MaxDelayInSeconds: 5,', 'MaxDelayInSeconds: -1,'],
    ['the bronze output is written in mode Append', "blobWriteMode: 'Once'", "blobWriteMode: 'Append'"],
  ]),
  ...of('local/synapse/artifacts.ts', SYNAPSE, [
    ['a put is over at once', 'isDeletion, pollsLeft: 1', 'isDeletion, pollsLeft: 0'],
    ['a put has no body', 'return { status: 202, headers, body }', 'return { status: 202, headers }'],
    ['a put has no id', '      id: idOf(kind, name),\n      recordId', '      recordId'],
    ['changes are not numbered', '0 : ++this.#records', '0 : 1'],
    ['a put has no state', '      state,\n', ''],
    ['a change is a creation', "isNew ? 'Creating' : 'Updating'", "isNew ? 'Creating' : 'Creating'"],
    ['a put does not say when it was made', '      created: time,\n', ''],
    ['a put does not say when it was changed', '      changed: time,\n', ''],
    [
      'times have three digits',
      'NO_TIME : sevenDigits(this.#now())',
      'NO_TIME : new Date(this.#now()).toISOString()',
    ],
    ['a put has no type', '      type: LABELS[kind],\n', ''],
    ['a put has no name', '      name,\n      operationId', '      operationId'],
    ['a put has no operation', '      operationId: id,\n', ''],
    ['a put has no artifact', '      artifactId,\n', ''],
    ['a deletion is numbered', 'isDeletion ? 0 : ++this.#records', '++this.#records'],
    ['a deletion has a time', 'isDeletion ? NO_TIME : sevenDigits', 'sevenDigits'],
    ['a poll has no body', "        body: { status: 'InProgress' },\n", ''],
    [
      'a client says when a pipeline was published',
      '{ ...properties, ...this.#published(kind) }',
      '{ ...this.#published(kind), ...properties }',
    ],
    [
      'a deletion ends with what was deleted',
      'if (operation.isDeletion) return { status: 200 }',
      'if (operation.isDeletion) return { body: {} }',
    ],
    [
      'a poll says nothing of the next one',
      "headers: { location, 'retry-after': POLL_SECONDS }",
      'headers: {}',
    ],
    [
      'an operation ends without the artifact',
      'return { body: describe(operation.kind, this.find(operation.kind, operation.name)) }',
      'return { status: 200 }',
    ],
  ]),
  ...of('local/synapse/error-form.ts', SYNAPSE, [
    [
      'Synapse words its refusals as Resource Manager',
      'JSON.stringify({ code, message })',
      'JSON.stringify({ error: { code, message } })',
    ],
  ]),
  ...of('local/synapse/run-resource.ts', SYNAPSE, [
    ['the id of a run keeps its case', 'WORKSPACE_ID.toUpperCase()', 'WORKSPACE_ID'],
    ['a run has no debugRunId', '    debugRunId: null,\n', ''],
    ['a run has no output', '    output: null,\n', ''],
    ['a run has no annotations', '    annotations: [],\n', ''],
    ['a run has no dimension', '    runDimension: {},\n', ''],
    ['times of a run have three digits', 'sevenDigits(time))', 'new Date(time).toISOString())'],
    ['a run does not say when it changed', '    lastUpdated: iso(lastUpdated(run)),\n', ''],
  ]),
  ...of('local/monitor/metrics.ts', METRICS, [
    [
      'a metric is not described',
      '        displayDescription: DESCRIPTIONS[name],\n        unit',
      '        unit',
    ],
    ['a definition is not described', '  displayDescription: DESCRIPTIONS[name],\n  name:', '  name:'],
  ]),
  ...of('local/monitor/metrics-query.ts', METRICS, [
    ['the namespace loses the case of the request', '    namespace,\n', '    namespace: NAMESPACE,\n'],
  ]),
  ...of('local/databricks/job-resource.ts', DATABRICKS, [
    ['a job names no maker', 'creator_user_name: USER_NAME, ', ''],
    ['a job does not name who it runs as', 'run_as_user_name: USER_NAME, ', ''],
    ['settings do not name who the job runs as', '  run_as: { user_name: USER_NAME },\n', ''],
    ['a job has no timeout', 'timeout_seconds: 0, email', 'email'],
    ['a job has no e-mail notifications', 'email_notifications: {}, ', ''],
    ['a job has no webhook notifications', ', webhook_notifications: {}', ''],
    ['a job does not say whether it queues', '  queue: { enabled: false },\n', ''],
    ['a job has no limit of runs', '  max_concurrent_runs: 1,\n', ''],
    ['a task does not say when it runs', "  run_if: 'ALL_SUCCESS',\n", ''],
    ['a task has no defaults', '  ...DEFAULTS_OF_TASK,\n  ...task', '  ...task'],
    [
      'defaults override what was sent',
      '  ...DEFAULTS_OF_TASK,\n  ...task,\n',
      '  ...task,\n  ...DEFAULTS_OF_TASK,\n',
    ],
  ]),
  ...of('local/databricks/job-store.ts', DATABRICKS, [
    [
      'a missing job is a 404',
      'throw invalid(`Job ${String(id)',
      "throw new HttpError(404, 'X', `Job ${String(id)",
    ],
  ]),
  ...of('local/databricks/run-resource.ts', DATABRICKS, [
    ['a run that is gone is told in other words', "in job: any doesn't exist.`", 'does not exist.`'],
    ['a run that is gone is a 404', 'invalid(`Run: ', "new HttpError(404, 'RESOURCE_DOES_NOT_EXIST', `Run: "],
    ['a run names no maker', '    creator_user_name: USER_NAME,\n', ''],
    [
      'a run of tasks has a duration of its own',
      '    execution_duration: 0,\n',
      '    execution_duration: 1,\n',
    ],
    [
      'a task’s run takes no time',
      'execution_duration: endedAt === undefined ? 0 : endedAt - (startedAt ?? createdAt)',
      'execution_duration: 0',
    ],
    [
      'a task’s run has no setup',
      '  setup_duration: 0,\n  execution_duration: endedAt',
      '  execution_duration: endedAt',
    ],
    ['a task’s run has no cleanup', '  cleanup_duration: 0,\n})', '})'],
    [
      'a run does not say how long it took',
      '...(endedAt === undefined ? {} : { run_duration: endedAt - from })',
      '',
    ],
    [
      'a run does not say how long it waited',
      '...(startedAt !== undefined && startedAt > createdAt ? { queue_duration: startedAt - createdAt } : {}),',
      '',
    ],
    ['a task’s run does not say when it runs', "      run_if: 'ALL_SUCCESS',\n", ''],
  ]),
]
