/** The four services at a glance, for small screens. */
import { countOf, nounOf } from '../../pipeline/state/count-of.ts'
import { gaugesOf, ofHub } from '../../pipeline/state/known.ts'
import type { StageSlice } from '../../pipeline/state/state.ts'
import { formatAge, formatCount, formatRate, UNKNOWN } from '../text/format.ts'
import { type Line, span, toWidth } from '../text/line.ts'
import type { Panel } from './panel.ts'
import { stateSpan } from './states.ts'

const NAME = 5
/** Two runs need more room than one. */
const LEFT = 0.63

/** One line each, without a history. */
export const servicesPanel: Panel = ({ state, width }) => {
  const { hub, stages, aggregate } = state
  const start = Math.ceil(width * LEFT)
  const { watermarkDelaySeconds: delay, backlogged } = gaugesOf(state)
  const backlog = stages.streamAnalytics.backlog ?? backlogged
  const service = (name: string, ...line: Line): Line => [span(name.padEnd(NAME), 'muted'), ...line]
  const beside = (one: Line, other: Line): Line => [...toWidth(one, start - 1), span(' '), ...other]
  const batch = (stage: StageSlice): Line => [
    stateSpan(stage),
    span(stage.batch ? ` #${formatCount(stage.batch.id)}` : '', 'muted'),
  ]
  return {
    title: 'services',
    subtitle: 'tab shows one in place of the chart',
    lines: [
      beside(
        service(
          'hub',
          hub.error
            ? span('✗ no answer', 'fail')
            : span(
                `${ofHub(state, hub.partitions.length) ?? UNKNOWN} ${nounOf(hub.partitions.length, 'partition')}  ${formatRate(ofHub(state, hub.rate))}/s`,
              ),
          span('  backlog ', 'muted'),
          span(formatCount(backlog)),
        ),
        service(
          'asa',
          stateSpan(stages.streamAnalytics),
          span(delay === undefined ? '' : `  delay ${formatAge(delay * 1000)}`, 'muted'),
        ),
      ),
      beside(
        service(
          'dbx',
          span('silver ', 'muted'),
          ...batch(stages.silver),
          span('  gold ', 'muted'),
          ...batch(stages.gold),
        ),
        service(
          'syn',
          stateSpan(stages.aggregate),
          span(
            aggregate.cities.length > 0 ? `  ${countOf(aggregate.cities.length, 'city', 'cities')}` : '',
            'muted',
          ),
        ),
      ),
    ],
  }
}
