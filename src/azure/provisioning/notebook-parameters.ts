/** The notebooks' parameters on Azure. For the names see `notebooks/rtstream_lake.py`. */

/** `{container}` stays in the text: the notebooks replace it. */
export function notebookParameters(
  platform: 'databricks' | 'synapse',
  storageAccount: string,
): Record<string, string> {
  return {
    RTSTREAM_LAKE_ROOT: `abfss://{container}@${storageAccount}.dfs.core.windows.net`,
    RTSTREAM_CHECKPOINT_ROOT: `abfss://checkpoints@${storageAccount}.dfs.core.windows.net`,
    RTSTREAM_TRIGGER: 'processingTime',
    ...(platform === 'databricks' ? { RTSTREAM_SOURCE: 'cloudFiles' } : {}),
  }
}
