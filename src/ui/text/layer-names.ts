/** The layers of the lake, as a person reads them. */
import type { LayerName } from '../../pipeline/state/state.ts'

export const LAYER_NAMES: Readonly<Record<LayerName, string>> = {
  bronze: 'bronze',
  silver: 'silver',
  quarantine: 'quarantine',
  gold: 'gold',
  byMinute: 'by minute',
  aggregated: 'aggregated',
}
