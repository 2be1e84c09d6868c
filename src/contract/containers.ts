/** Containers of the lake that the pipeline works with; the templates make them. */
export const LAKE_CONTAINERS = ['bronze', 'silver', 'gold', 'checkpoints'] as const
