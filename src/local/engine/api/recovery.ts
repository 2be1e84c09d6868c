/** What to do when a table or its checkpoint is damaged: never anything that loses rows which are still there. */
export const RECOVERY =
  'Put it back from a copy, or use another data folder. Delete nothing: bronze holds only what its retention has left, ' +
  'so what is deleted could not be built again whole.'
