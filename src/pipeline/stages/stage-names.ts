import type { StageId } from '../ports/stages.ts'

/** Stages as a person calls them in the middle of a sentence. */
export const STAGE_NAMES: Record<StageId, string> = {
  generator: 'the generator',
  streamAnalytics: 'the Stream Analytics job',
  silver: 'silver',
  gold: 'gold',
  aggregate: 'the aggregate',
}

/** The same at its beginning. */
export const stageNameFirst = (id: StageId): string =>
  STAGE_NAMES[id].charAt(0).toUpperCase() + STAGE_NAMES[id].slice(1)

/** Stages by themselves, as in a table. */
export const STAGE_LABELS: Readonly<Record<StageId, string>> = {
  generator: 'generator',
  streamAnalytics: 'stream analytics',
  silver: 'silver',
  gold: 'gold',
  aggregate: 'aggregate',
}
