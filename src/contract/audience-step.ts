/** How far a reading of a phone has come, as the pipeline tells it and the phone's page shows it. */

/** The layers in which it can end are among them. */
export type AudienceStep =
  | 'waiting'
  | 'hub'
  | 'bronze'
  | 'rejected'
  | 'silver'
  | 'quarantine'
  | 'duplicate'
  | 'gold'
  | 'aggregate'

/** Nothing comes after them. */
export const LAST_STEPS: readonly AudienceStep[] = ['rejected', 'quarantine', 'aggregate']
