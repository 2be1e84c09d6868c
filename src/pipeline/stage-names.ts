import type { StageId } from './ports.ts'

/** Stages as a person calls them. */
export const STAGE_NAMES: Record<StageId, string> = {
  generator: 'generator',
  streamAnalytics: 'stream analytics',
  silver: 'silver',
  gold: 'gold',
  aggregate: 'aggregate',
}
