/** The lake's containers that the pipeline uses; the templates create them. */
export const LAKE_CONTAINERS = ['bronze', 'silver', 'gold', 'checkpoints'] as const
