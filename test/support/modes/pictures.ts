/** The pictures of `docs/screens.md`. */
import type { ModeName } from './modes.ts'

export interface Picture {
  mode: ModeName
  size: readonly [columns: number, rows: number]
  theme?: 'dark' | 'light'
}

const SMALL = [80, 24] as const
const MIDDLE = [100, 30] as const
const LARGE = [120, 40] as const

export const PICTURES: Readonly<Record<string, Picture>> = {
  light: { mode: 'main', size: LARGE, theme: 'light' },
  strip: { mode: 'main', size: [60, 20] },
  presenter: { mode: 'presenter', size: SMALL },
  'presenter-light': { mode: 'presenter-failing', size: SMALL, theme: 'light' },
  help: { mode: 'help', size: MIDDLE },
  palette: { mode: 'palette', size: MIDDLE },
  'data-bronze': { mode: 'data-bronze', size: MIDDLE },
  'data-silver': { mode: 'data-silver', size: MIDDLE },
  'data-row': { mode: 'data-row', size: MIDDLE },
  'sql-question': { mode: 'sql-question', size: MIDDLE },
  'sql-answer': { mode: 'sql-answer', size: MIDDLE },
  event: { mode: 'event', size: MIDDLE },
  commit: { mode: 'commit', size: MIDDLE },
  run: { mode: 'run', size: MIDDLE },
  trace: { mode: 'trace', size: LARGE },
  rate: { mode: 'zoom-rate', size: MIDDLE },
  hub: { mode: 'zoom-hub', size: LARGE },
  job: { mode: 'zoom-job', size: MIDDLE },
  lake: { mode: 'zoom-lake', size: LARGE },
  databricks: { mode: 'zoom-databricks', size: LARGE },
  synapse: { mode: 'zoom-synapse', size: MIDDLE },
  events: { mode: 'zoom-events', size: MIDDLE },
  log: { mode: 'log-of-silver', size: MIDDLE },
  ledger: { mode: 'ledger', size: MIDDLE },
  endpoints: { mode: 'endpoints', size: MIDDLE },
  filter: { mode: 'filter', size: MIDDLE },
  quit: { mode: 'quit-azure', size: MIDDLE },
  unsigned: { mode: 'unsigned', size: MIDDLE },
  broken: { mode: 'broken', size: MIDDLE },
  lesson: { mode: 'lesson', size: MIDDLE },
  replay: { mode: 'replay', size: MIDDLE },
}
