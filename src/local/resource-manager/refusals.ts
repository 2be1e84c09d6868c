/** Why parts of Resource Manager are not served, and what to use instead. */

/** What answers a request to make, change or delete something. */
export const READ_ONLY =
  'The local Resource Manager is read only: its resources are those that infra/ deploys on Azure, and the job can be started and stopped.'

const REASONS: readonly (readonly [path: RegExp, reason: string])[] = [
  [/\/locations\/[^/]+\/quotas$/i, 'There are no quotas here.'],
  [/\/streamingjobs\/[^/]+\/functions\/[^/]+\/\w+$/i, 'The job has no functions.'],
  [
    /\/microsoft\.streamanalytics\/locations\/[^/]+\/\w+$/i,
    'Queries are neither compiled nor tested here, and no input is sampled: `rtstream-tui sql` asks the tables.',
  ],
  [
    /\/providers\/microsoft\.authorization\//i,
    'There are no roles, locks or policies here: the token of this session may do all.',
  ],
  [/\/providers\/microsoft\.resources\/deployments/i, 'There are no deployments here.'],
  [/\/exportTemplate$/i, 'No template is made here: infra/ has those by which all this stands on Azure.'],
  [
    /^\/providers\/microsoft\.resourcegraph\//i,
    'Resource Graph is not served: resources of the subscription or the group are listed, with $filter.',
  ],
  [
    /^\/providers\/[^/]+\/operations$/i,
    'Operations are not listed: the type of a provider tells its api-versions.',
  ],
  [/\/unregister$/i, 'All providers are registered here, and stay so.'],
  [
    /\/providers\/microsoft\.insights\//i,
    'Of Azure Monitor, the metrics of the Stream Analytics job are served.',
  ],
  [/\/blobservices\//i, 'The containers are not told here: the lake itself lists them.'],
]

/** @param path as the client sent it. Undefined: nothing more is to be said than that it is not there. */
export const resourceReason = (path: string): string | undefined =>
  /^\/(?:subscriptions|providers)\//i.test(path)
    ? REASONS.find(([pattern]) => pattern.test(path))?.[1]
    : undefined
