/** One line per service, for small screens. */
import type { StageSlice } from '../../pipeline/state.ts'
import { formatAge, formatCount, formatRate } from '../format.ts'
import { type Line, span, toWidth } from '../line.ts'
import type { PanelView } from './panel-content.ts'
import { stateLine } from './states.ts'

export const servicesPanel: PanelView = ({ state, style, width }) => {
  const { hub, job, stages } = state
  const half = Math.floor(width / 2)
  const service = (name: string, stage: StageSlice, more = ''): Line => [
    span(`${name} `, 'muted'),
    ...stateLine(stage, style.glyphs),
    span(more, 'muted'),
  ]
  const batch = (stage: StageSlice) => (stage.batch ? ` #${formatCount(stage.batch.id)}` : '')
  const delay =
    job.watermarkDelaySeconds === undefined ? '' : `  delay ${formatAge(job.watermarkDelaySeconds * 1000)}`
  const backlog = stages.streamAnalytics.backlog
  const pair = (start: Line, end: Line): Line => [...toWidth(start, half), ...end]
  return {
    title: 'event hub · stream analytics · databricks · synapse',
    value: [span('tab', 'muted')],
    lines: [
      pair(
        [
          span('hub ', 'muted'),
          span(
            `${hub.partitions.length} partitions  ${formatRate(hub.rate)}/s  backlog ${formatCount(backlog)}`,
          ),
        ],
        service('asa', stages.streamAnalytics, delay),
      ),
      pair(
        [
          ...toWidth(service('dbx silver', stages.silver, batch(stages.silver)), Math.floor(half / 2) + 5),
          ...service('gold', stages.gold, batch(stages.gold)),
        ],
        service('syn', stages.aggregate, batch(stages.aggregate)),
      ),
    ],
  }
}
