import { describe, expect, it } from 'vitest'
import { parseSettings } from '../../../src/local/databricks/job-settings.ts'

const behind = (task_key: string, ...names: string[]) => ({
  task_key,
  depends_on: names.map((name) => ({ task_key: name })),
})
const single = {
  num_workers: 0,
  spark_conf: { 'spark.databricks.cluster.profile': 'singleNode', 'spark.master': 'local[*]' },
  custom_tags: { ResourceClass: 'SingleNode' },
}
const onCluster = (new_cluster: object) => ({
  job_clusters: [{ job_cluster_key: 'c', new_cluster }],
  tasks: [{ task_key: 'a', job_cluster_key: 'c' }],
})

const scheduled = (quartz_cron_expression: unknown, timezone_id: unknown = 'UTC') => ({
  schedule: { quartz_cron_expression, timezone_id, pause_status: 'PAUSED' },
})

describe('settings of a job', () => {
  it.each([
    ['tasks behind each other', { tasks: [behind('c', 'a', 'b', 'a'), behind('b', 'a'), behind('a')] }],
    ['tasks that wait for nobody', { tasks: [{ task_key: 'a', depends_on: null }, { task_key: 'b' }] }],
    ['a cluster of one machine', onCluster(single)],
    ['one that says so by itself', onCluster({ num_workers: 0, is_single_node: true })],
    ['a cluster of several', onCluster({ num_workers: 2 })],
    ['one that grows', onCluster({ autoscale: { min_workers: 0, max_workers: 2 } })],
    ['one whose size a policy gives', onCluster({ policy_id: 'p', apply_policy_default_values: true })],
    ['a paused schedule by the month', scheduled('0 0 12 1 * ?')],
    ['one by the week, with a year', scheduled('0 15 10 ? * MON-FRI 2030')],
    ['no schedule', { name: 'a' }],
    ['a cluster of which nothing is told', { job_clusters: [{ job_cluster_key: 'c' }] }],
  ])('with %s are taken', (_, settings) => {
    expect(parseSettings(settings)).toEqual(settings)
  })

  const size = 'Cluster validation error: Missing required field: settings.cluster_spec.new_cluster.size'
  const machine = 'NumWorkers could be 0 only for SingleNode clusters. See https://docs.databricks.com/'
  it.each([
    ['itself', [behind('a', 'a')], "Invalid dependency graph, task 'a' can not reference itself."],
    ['no task', [behind('a', 'z')], "task 'a' depends on 'z', which is no task of the job."],
    ['one behind it', [behind('a'), behind('b', 'c', 'a'), behind('c', 'b')], "task 'b' waits for itself"],
    [
      'a list of nothing',
      [{ depends_on: [{}] }],
      'Missing required field: settings.tasks.depends_on.task_key',
    ],
    ['null', [{ depends_on: [null] }], 'Missing required field: settings.tasks.depends_on.task_key'],
    ['names alone', [{ depends_on: 'a' }], 'Expected array for field tasks[0].depends_on, found STRING'],
    [
      'a number',
      [{ depends_on: [{ task_key: 7 }] }],
      'tasks[0].depends_on must name tasks by their task_key.',
    ],
  ])('with a task behind %s are refused', (_, tasks, words) => {
    expect(() => parseSettings({ tasks })).toThrow(words)
  })

  it.each([
    ['no size', onCluster({ spark_version: '16.4.x-scala2.12' }), size],
    ['no size, of a task', { tasks: [{ task_key: 'a', new_cluster: { num_workers: null } }] }, size],
    ['no worker', onCluster({ num_workers: 0 }), machine],
    ['no worker and no tag', onCluster({ ...single, custom_tags: {} }), machine],
    ['no worker and no setting', onCluster({ ...single, spark_conf: undefined }), machine],
    [
      'a cluster that is not told of',
      { tasks: [{ job_cluster_key: 'd' }] },
      "Job cluster 'd' is not defined in field 'job_clusters'.",
    ],
    [
      'an expression of cron',
      scheduled('0 30 2,7,11,15 * * *'),
      'Invalid quartz_cron_expression: 0 30 2,7,11,15 * * *. Databricks uses Quartz cron syntax',
    ],
    [
      'days of both kinds left open',
      scheduled('0 0 12 ? * ?'),
      'Invalid quartz_cron_expression: 0 0 12 ? * ?.',
    ],
    ['five fields', scheduled('0 12 ? * 1'), 'Invalid quartz_cron_expression'],
    ['eight fields', scheduled('0 0 12 ? * 1 2030 1'), 'Invalid quartz_cron_expression'],
    [
      'a schedule without times',
      { schedule: { pause_status: 'PAUSED', timezone_id: 'UTC' } },
      'Missing required field: settings.schedule.quartz_cron_expression',
    ],
    [
      'a schedule without a zone',
      scheduled('0 0 12 1 * ?', null),
      'Missing required field: settings.schedule.timezone_id',
    ],
    [
      'a schedule that is a text',
      { schedule: '0 0 12 1 * ?' },
      'Expected object for field schedule, found STRING',
    ],
    [
      'clusters that are no list',
      { job_clusters: {} },
      'Expected array for field job_clusters, found OBJECT',
    ],
  ])('with %s are refused', (_, settings, words) => {
    expect(() => parseSettings(settings)).toThrow(words)
  })
})
