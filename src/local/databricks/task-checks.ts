/**
 * What the tasks of a job name: each other, and its clusters. What the service refuses is refused, in its words where users report them.
 * Nothing is made of it here: the engine runs one notebook.
 */
import { isObject } from '../http/body.ts'
import { invalid, malformed, otherType } from './errors.ts'

/** Of the settings of a job. */
type Task = Readonly<{ task_key?: string; [setting: string]: unknown }>

/** As much of a key as a refusal shows. */
const shown = (key: string) => key.slice(0, 100)

/** @throws HttpError 400 */
export function checkKeys(tasks: readonly Task[]): void {
  const keys = new Set<string>()
  for (const { task_key } of tasks) {
    if (task_key === undefined) continue
    if (!/^[\w-]+$/.test(task_key))
      throw invalid(
        `Task key '${shown(task_key)}' contains an invalid character. Only alphanumeric, - and _ characters are permitted.`,
      )
    if (keys.has(task_key)) throw invalid(`Task key '${shown(task_key)}' is that of two tasks.`)
    keys.add(task_key)
  }
}

/**
 * That each dependency is another task of the job, and that none waits for itself.
 * @throws HttpError 400
 */
export function checkGraph(tasks: readonly Task[]): void {
  const keys = new Set(tasks.map(({ task_key }) => task_key))
  const before = new Map<string, string[]>()
  for (const [index, { task_key: key = '', depends_on }] of tasks.entries()) {
    const names = namesIn(depends_on, `tasks[${index}].depends_on`)
    for (const name of names) {
      // Airflow, issue 47983.
      if (name === key)
        throw invalid(`Invalid dependency graph, task '${shown(key)}' can not reference itself.`)
      if (!keys.has(name))
        throw invalid(
          `Invalid dependency graph, task '${shown(key)}' depends on '${shown(name)}', which is no task of the job.`,
        )
    }
    before.set(key, names)
  }
  const waiting = inCircle(before)
  if (waiting !== undefined)
    throw invalid(`Invalid dependency graph, task '${shown(waiting)}' waits for itself by way of others.`)
}

function namesIn(dependencies: unknown, at: string): string[] {
  if (dependencies === undefined || dependencies === null) return []
  if (!Array.isArray(dependencies)) throw otherType('array', at, dependencies)
  return dependencies.map((one: { task_key?: unknown } | null) => {
    const name = one?.task_key ?? undefined
    // Databricks' Terraform provider, issue 1527.
    if (name === undefined) throw invalid('Missing required field: settings.tasks.depends_on.task_key')
    if (typeof name !== 'string') throw malformed(`${at} must name tasks by their task_key.`)
    return name
  })
}

/** @returns a task that can never begin, if there is one: whose dependencies are met is taken out until none is left. */
function inCircle(before: ReadonlyMap<string, readonly string[]>): string | undefined {
  const left = new Map([...before].map(([key, names]) => [key, new Set(names)]))
  const behind = new Map([...before.keys()].map((key): [string, string[]] => [key, []]))
  for (const [key, names] of left) for (const name of names) behind.get(name)?.push(key)
  const free = [...left].filter(([, names]) => names.size === 0).map(([key]) => key)
  for (let key = free.pop(); key !== undefined; key = free.pop()) {
    left.delete(key)
    for (const next of behind.get(key) ?? []) {
      const names = left.get(next)
      if (names?.delete(key) && names.size === 0) free.push(next)
    }
  }
  return [...left.keys()][0]
}

/** @param clusters as `job_clusters` has them. @throws HttpError 400 */
export function checkClusters(clusters: unknown, tasks: readonly Task[]): void {
  const shared = clusters ?? []
  if (!Array.isArray(shared)) throw otherType('array', 'job_clusters', shared)
  for (const one of [...shared, ...tasks]) if (isObject(one)) checkCluster(one.new_cluster)
  const keys = new Set(shared.map((one) => (isObject(one) ? one.job_cluster_key : undefined)))
  // lakebridge, issue 2132.
  for (const { job_cluster_key: key } of tasks)
    if (typeof key === 'string' && !keys.has(key))
      throw invalid(`Job cluster '${shown(key)}' is not defined in field 'job_clusters'.`)
}

/** @param cluster `new_cluster` of a task or of a shared cluster. */
function checkCluster(cluster: unknown): void {
  // What a policy fills in is not known here.
  if (!isObject(cluster) || cluster.apply_policy_default_values === true || cluster.is_single_node === true)
    return
  const { num_workers: workers, autoscale } = cluster
  // databricks-cli, issue 663; dbx, issue 830.
  if (typeof workers !== 'number' && !isObject(autoscale))
    throw invalid('Cluster validation error: Missing required field: settings.cluster_spec.new_cluster.size')
  // Databricks' command line, issue 1546: a cluster that lacked the tag.
  if (workers === 0 && !isObject(autoscale) && !isSingleNode(cluster))
    throw invalid(
      'NumWorkers could be 0 only for SingleNode clusters. See https://docs.databricks.com/clusters/single-node.html for more details',
    )
}

/** By the setting and the tag which that page asks for. */
const isSingleNode = ({ spark_conf: settings, custom_tags: tags }: Record<string, unknown>): boolean =>
  isObject(settings) &&
  settings['spark.databricks.cluster.profile'] === 'singleNode' &&
  isObject(tags) &&
  tags.ResourceClass === 'SingleNode'
