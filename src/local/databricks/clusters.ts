/**
 * What a job's cluster may name: clients ask for it before they make a job, or to see that a connection works. And what a workspace may have beside
 * its jobs and objects, of which there is none here.
 */
import type { Route } from '../http/router.ts'

/** Those that the notebooks run on. Newest first, as the service lists them. */
const VERSIONS = [
  { key: '17.3.x-scala2.13', name: '17.3 LTS (includes Apache Spark 4.0.0, Scala 2.13)' },
  { key: '16.4.x-scala2.12', name: '16.4 LTS (includes Apache Spark 3.5.2, Scala 2.12)' },
]

/** The machine that setup names on Azure. */
const NODE_TYPES = [
  {
    node_type_id: 'Standard_D4s_v3',
    instance_type_id: 'Standard_D4s_v3',
    description: 'Standard_D4s_v3',
    category: 'General Purpose',
    memory_mb: 16384,
    num_cores: 4,
    num_gpus: 0,
    is_deprecated: false,
    is_hidden: false,
    photon_driver_capable: true,
    photon_worker_capable: true,
    support_cluster_tags: true,
    support_ebs_volumes: true,
    support_port_forwarding: true,
    node_instance_type: {
      instance_type_id: 'Standard_D4s_v3',
      local_disks: 1,
      local_disk_size_gb: 32,
      local_nvme_disks: 0,
      local_nvme_disk_size_gb: 0,
    },
  },
]

/**
 * Lists of what there is none of, which tools read that look through a workspace. As the service says it, without the field (overwatch, issue
 * 288; databricks-sdk-java, issue 197). Whoever wants to make one, or names one, is told what there is instead.
 */
const NONE = [
  'clusters/list',
  'instance-pools/list',
  'policies/clusters/list',
  'libraries/all-cluster-statuses',
  'global-init-scripts',
  'secrets/scopes/list',
  'repos',
  'pipelines',
  'sql/warehouses',
  'token/list',
]

/** Of both versions that clients ask. */
export function clusterRoutes(checkRate: () => void): Route[] {
  const answers = {
    ...Object.fromEntries(NONE.map((path) => [path, {}])),
    'clusters/spark-versions': { versions: VERSIONS },
    'clusters/list-node-types': { node_types: NODE_TYPES },
  }
  return ['2.0', '2.1'].flatMap((version) =>
    Object.entries(answers).map(([path, body]) => ({
      method: 'GET',
      pattern: `/databricks/api/${version}/${path}`,
      handle: () => {
        checkRate()
        return { body }
      },
    })),
  )
}
