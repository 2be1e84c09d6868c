/** What a person does to the generator: stations, interval, bursts, corrupted readings; and why not. */
import { grouped } from '../../contract/grouped.ts'
import type { GeneratorService } from '../generator/generator-service.ts'
import { isUp } from '../stages/stage.ts'
import {
  type ActionResult,
  type Actions,
  accepted,
  DEFAULT_BURST,
  DEFAULT_CORRUPTION,
  INTERVALS,
  MAX_STATIONS,
  refused,
} from '../state/actions.ts'
import { intervalText } from '../state/clock-text.ts'
import { countOf } from '../state/count-of.ts'
import type { AppState } from '../state/state.ts'

type Generated = { generator: GeneratorService }
type GeneratorActions = Pick<
  Actions,
  'setStations' | 'scaleStations' | 'burst' | 'setInterval' | 'setCorruption' | 'toggleCorruption'
>

/** @param act refuses what may not be done now, and notes what was. */
export function generatorControls(
  act: (perform: (found: Generated) => ActionResult) => ActionResult,
  state: () => AppState,
): GeneratorActions {
  /** The share that is switched on again. */
  let lastCorruption = state().generator.dirty || DEFAULT_CORRUPTION
  const corrupt = ({ generator }: Generated, share: number): ActionResult => {
    const result = setCorruption(generator, share)
    if (result.ok && share > 0) lastCorruption = share
    return result
  }
  return {
    setStations: (wanted) => act(({ generator }) => setStations(generator, wanted)),
    scaleStations: (factor) => act(({ generator }) => scaleStations(generator, factor)),
    burst: ({ factor = DEFAULT_BURST.factor, durationMs = DEFAULT_BURST.durationMs } = {}) =>
      act(({ generator }) => {
        if (!isUp(state().stages.generator.state))
          return refused('A burst needs a running generator; start it first.')
        if (!(factor > 0 && durationMs > 0)) return refused('A burst needs a factor and a time above 0.')
        generator.burst(factor, durationMs)
        return accepted(`Burst: ×${factor} for ${Math.round(durationMs / 1000)} s.`)
      }),
    setInterval: (ms) => act(({ generator }) => setReportInterval(generator, ms)),
    setCorruption: (share) => act((found) => corrupt(found, share)),
    toggleCorruption: () =>
      act((found) => corrupt(found, found.generator.facts().dirty > 0 ? 0 : lastCorruption)),
  }
}

function setStations(generator: GeneratorService, wanted: number): ActionResult {
  if (!Number.isInteger(wanted) || wanted < 1)
    return refused('The number of stations is a whole number from 1 on.')
  if (wanted > MAX_STATIONS) return refused(`There are at most ${grouped(MAX_STATIONS)} stations.`)
  generator.setStations(wanted)
  return accepted(`${countOf(wanted, 'station')} from now on.`)
}

function scaleStations(generator: GeneratorService, factor: number): ActionResult {
  if (!(factor > 0)) return refused('The factor is a number above 0.')
  const { stations } = generator.facts()
  const wanted = Math.min(MAX_STATIONS, Math.max(1, Math.round(stations * factor)))
  if (wanted !== stations) return setStations(generator, wanted)
  return refused(
    stations === 1
      ? 'One station is the least there can be.'
      : `${grouped(stations)} stations are the most there can be.`,
  )
}

function setReportInterval(generator: GeneratorService, ms: number): ActionResult {
  if (!(ms >= INTERVALS.least && ms <= INTERVALS.most))
    return refused('The interval is a time from 100 ms to 1 day, such as 500ms, 10s or 2m.')
  generator.setInterval(ms)
  return accepted(`Each station reports every ${intervalText(ms)} from now on.`)
}

function setCorruption(generator: GeneratorService, share: number): ActionResult {
  if (!(share >= 0 && share <= 1)) return refused('The share of dirty data is from 0 to 100 %.')
  generator.setCorruption(share)
  return accepted(
    share === 0
      ? 'Dirty data is off.'
      : `Dirty data is on: ${Number((share * 100).toPrecision(6))} % of the readings are corrupted.`,
  )
}
