import { HttpError } from '../http/errors.ts'

/** Why parts of Databricks' API are not served, and what to use instead. Paths are without the host, below `/databricks`. */

const REASONS: readonly (readonly [path: RegExp, reason: string])[] = [
  [/\/jobs\/runs\/export$/, 'A run has no views here: jobs/runs/get-output has what it says.'],
  [
    /\/(?:preview\/)?permissions\//,
    'Of permissions, those of jobs are told: the token of this session may do all.',
  ],
  [
    /\/(?:clusters|policies|libraries|instance-pools|cluster-policies|instance-profiles)(?:\/|$)/,
    'There are no clusters here: the control room’s own engine runs the notebooks. clusters/spark-versions and clusters/list-node-types tell what a job may name.',
  ],
  [/\/unity-catalog\//, 'There is no Unity Catalog here: tables are reached by their path in the lake.'],
  [/\/sql\//, 'There are no SQL warehouses here: `rtstream-tui sql` asks the tables.'],
  [/\/pipelines(?:\/|$)/, 'There are no pipelines here, but jobs of one notebook.'],
  [
    /\/(?:dbfs|fs|workspace-files)\//,
    'No files are served here but those of the workspace: workspace/import and workspace/export.',
  ],
  [/\/secrets\//, 'There are no secrets here: `rtstream-tui endpoints` prints all addresses and keys.'],
  [/\/repos(?:\/|$)/, 'There are no Git folders here: workspace/import takes notebooks and files.'],
]

/**
 * Of a path that is not served, and of one that is not served by that method: the same to the service, in whose words it is told
 * (databricks-cli, issue 383).
 * @param path as the client sent it, below `/databricks`.
 */
export function noApi(method: string, path: string): HttpError {
  const [, rest] = /^\/databricks\/api\/(\d\.\d\/.*)$/.exec(path) ?? []
  const reason = rest === undefined ? undefined : REASONS.find(([pattern]) => pattern.test(rest))?.[1]
  const asked = rest?.replace(/^[^/]*/, '') ?? path.replace(/^\/databricks/, '')
  return new HttpError(
    404,
    'ENDPOINT_NOT_FOUND',
    [`No API found for '${method} ${asked}'.`, reason].filter(Boolean).join(' '),
  )
}
