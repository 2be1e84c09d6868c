/** One line per service, for small screens. */
import type { StageSlice } from '../../pipeline/state.ts'
import { formatAge, formatCount, formatRate } from '../format.ts'
import { type Line, span, toWidth } from '../line.ts'
import type { PanelView } from './panel-content.ts'
import { stateLine } from './states.ts'

export const servicesPanel: PanelView = ({ state, style, width }) => {
  const { hub, job, stages } = state
  const { glyphs } = style
  const third = Math.floor(width / 3)
  const service = (name: string, stage: StageSlice, more = ''): Line => [
    span(`${name} `, 'muted'),
    ...stateLine(stage, glyphs),
    span(more, 'muted'),
  ]
  const batch = (stage: StageSlice) => (stage.batch ? ` #${formatCount(stage.batch.id)}` : '')
  const delay =
    job.watermarkDelaySeconds === undefined ? '' : `  delay ${formatAge(job.watermarkDelaySeconds * 1000)}`
  const hubLine: Line = [
    span('hub ', 'muted'),
    span(
      `${hub.partitions.length} partitions  ${formatRate(hub.rate)}/s  backlog ${formatCount(stages.streamAnalytics.backlog)}`,
    ),
  ]
  return {
    title: 'event hub · stream analytics · databricks · synapse',
    value: [span('tab', 'muted')],
    lines: [
      [...toWidth(hubLine, third * 2, glyphs.ellipsis), ...service('asa', stages.streamAnalytics, delay)],
      [
        ...toWidth(service('silver', stages.silver, batch(stages.silver)), third, glyphs.ellipsis),
        ...toWidth(service('gold', stages.gold, batch(stages.gold)), third, glyphs.ellipsis),
        ...service('syn', stages.aggregate, batch(stages.aggregate)),
      ],
    ],
  }
}
