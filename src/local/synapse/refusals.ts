/** Why parts of Synapse's API are not served, and what to use instead. */

const SPARK = /^\/synapse\/(?:livyApi|bigDataPools|sparkJobDefinitions|notebookOperationResults)(?:\/|$)/i

/** @param path as the client sent it. Undefined: it is not Synapse's. */
export function synapseReason(path: string): string | undefined {
  if (!path.startsWith('/synapse/')) return undefined
  return SPARK.test(path)
    ? 'There is no Spark pool here: the control room’s own engine runs the notebooks, each as the activity of a pipeline.'
    : 'Of a workspace, its notebooks, its pipelines and their runs are served.'
}
