/** Presenter mode: the strip, five numbers in large digits, and one line that says what happens. Made for 80×24 and a projector. */
import { STAGE_IDS } from '../../pipeline/ports/stages.ts'
import { verdictOf } from '../../pipeline/reconciliation/verdict.ts'
import { counted } from '../../pipeline/state/known.ts'
import type { AppState } from '../../pipeline/state/state.ts'
import { BIG_ROWS, bigColumns, bigNumber, bigText } from '../text/big-digits.ts'
import { cut, type Line, lineWidth, printable, span, toWidth, wrap } from '../text/line.ts'
import type { Token } from '../text/theme.ts'

interface Tile {
  name: string
  text: string
  unit: string
  token: Token | undefined
}

/** Rows of a tile: its name, its digits, a blank. */
const tileRows = (scale: number) => BIG_ROWS * scale + 2
const PER_ROW = 3
const MOST_SCALE = 4
const MOST_CAPTION_ROWS = 3

interface Caption {
  text: string
  token: Token
}

/** Exactly as many lines as the height. */
export function presenterLines(state: AppState, width: number, height: number): Line[] {
  const tiles = tilesOf(state)
  const { perRow, scale } = arrangement(tiles.length, width, height)
  const bands = Array.from({ length: Math.ceil(tiles.length / perRow) }, (_, band) =>
    tiles.slice(band * perRow, (band + 1) * perRow),
  )
  const shown = bands.slice(0, Math.max(1, Math.floor(height / tileRows(scale))))
  const tileWidth = Math.floor((width - 2) / perRow)
  const rows = shown.flatMap((band) => bandLines(band, tileWidth, scale))
  const caption = captionLines(captionOf(state), width, height - rows.length)
  const room = Math.max(0, height - caption.length)
  const spare = Math.max(0, room - rows.length)
  const above = Math.floor(spare / 2)
  const lines = [
    ...Array.from({ length: above }, (): Line => []),
    ...rows,
    ...Array.from({ length: Math.max(0, room - above - rows.length) }, (): Line => []),
  ].slice(0, room)
  return [...lines, ...caption].slice(0, height)
}

/** In one row where it fits or where the digits leave no more; else in as many as it takes, three at most. */
function captionLines({ text, token }: Caption, width: number, free: number): Line[] {
  const rows = wrap(text, width - 2)
  const most = Math.max(1, Math.min(MOST_CAPTION_ROWS, free))
  const shown = rows.length <= most ? rows : [...rows.slice(0, most - 1), rows.slice(most - 1).join(' ')]
  return shown.map((row) => toWidth([span(' '), span(cut(row, width - 2), token, true)], width))
}

/** The largest digits for which all tiles have room, in as few bands as that leaves. */
function arrangement(count: number, width: number, height: number): { perRow: number; scale: number } {
  for (let scale = MOST_SCALE; scale > 1; scale--)
    for (const perRow of [count, PER_ROW]) {
      const rows = Math.ceil(count / perRow) * tileRows(scale) + 1
      if (rows <= height && bigColumns(scale) < Math.floor((width - 2) / perRow)) return { perRow, scale }
    }
  // A number is never cut.
  const perRow = Math.min(PER_ROW, Math.floor((width - 2) / bigColumns(1)))
  return { perRow: width >= count * 30 ? count : perRow, scale: 1 }
}

function bandLines(tiles: readonly Tile[], width: number, scale: number): Line[] {
  const digits = tiles.map(({ text, unit, token }) => bigText(text, unit, token, scale))
  const across = (cells: readonly Line[]): Line => [
    span(' '),
    ...cells.flatMap((cell) => (lineWidth(cell) === 0 ? toWidth([], width) : toWidth(cell, width))),
  ]
  return [
    across(tiles.map(({ name }) => [span(cut(name, width - 1), 'muted', true)])),
    ...Array.from({ length: BIG_ROWS * scale }, (_, row) => across(digits.map((one) => one[row] ?? []))),
    [],
  ]
}

function tilesOf(state: AppState): Tile[] {
  const { hub, ledger, assertions, stages } = state
  const isKnown = hub.updatedAt !== undefined
  const waits = STAGE_IDS.slice(1).map((id) => stages[id].backlog)
  const waiting = waits.every((one) => one === undefined)
    ? undefined
    : waits.reduce<number>((sum, one) => sum + (one ?? 0), 0)
  const { value: latency, holds } = assertions.latencyP95
  const rate = bigNumber(isKnown ? roundRate(hub.rate) : undefined)
  const tile = (name: string, value: number | undefined, token: Token | undefined): Tile => ({
    name,
    ...bigNumber(value),
    token,
  })
  return [
    { name: 'events a second', ...rate, token: 'accent' },
    {
      name: 'created→gold p95 of 60 s',
      ...bigDuration(latency),
      token: holds === false ? 'warn' : 'ok',
    },
    tile('waiting', isKnown ? waiting : undefined, waiting ? 'warn' : 'ok'),
    tile('in quarantine', counted(state, 'quarantined'), ledger.quarantined > 0 ? 'warn' : 'ok'),
    tile(
      'lost',
      ledger.lost > 0 || verdictOf(state).kind !== 'unknown' ? ledger.lost : undefined,
      ledger.lost > 0 ? 'fail' : 'ok',
    ),
  ]
}

const roundRate = (rate: number) => (rate < 9.95 ? Math.round(rate * 10) / 10 : Math.round(rate))

/** Three digits at most, so that a tile has room for them: after a long pause readings are hours old. */
function bigDuration(ms: number | undefined): { text: string; unit: string } {
  if (ms === undefined) return { text: '–', unit: '' }
  const [scaled, unit] =
    ms < 999_500 ? [ms / 1000, 's'] : ms < 99.5 * 60_000 ? [ms / 60_000, 'min'] : [ms / 3_600_000, 'h']
  return { text: scaled < 9.95 ? scaled.toFixed(1) : String(Math.round(scaled)), unit }
}

/** What a person did last counts for a while (ms); else what the pipeline does. */
const RECENT_MS = 20_000

/** Known to be: on Azure it takes minutes, and after a pause readings are old. */
const isQuick = ({ assertions: { latencyP95 } }: AppState): boolean =>
  latencyP95.value !== undefined && latencyP95.value < 60_000

function captionOf(state: AppState): Caption {
  const { log, now, session, stages, hub, generator } = state
  const own = log.findLast(({ source }) => source === 'you')
  if (own && Math.abs(now - own.at) < RECENT_MS)
    return { text: `▸ ${printable(own.message)}`, token: 'title' }
  const failed = STAGE_IDS.find((id) => stages[id].state === 'failed')
  if (failed)
    return { text: `✗ ${failed} has failed: ${printable(stages[failed].detail ?? '')}`, token: 'fail' }
  if (hub.error) return { text: '✗ The event hub does not answer.', token: 'fail' }
  const said = (text: string): Caption => ({ text, token: 'title' })
  const running = STAGE_IDS.filter((id) => stages[id].state === 'running').length
  if (!session.connected) return said('Connecting …')
  if (running === 0 && STAGE_IDS.every((id) => stages[id].state === 'stopped'))
    return said(session.readOnly ? 'Nothing runs.' : 'Nothing runs: a starts all stages.')
  if (running < STAGE_IDS.length)
    return said(`${running} of ${STAGE_IDS.length} stages run; what they wait for is kept.`)
  if (state.ledger.lost > 0)
    return { text: '✗ Everything runs, but readings are missing: l shows where.', token: 'fail' }
  return said(
    generator.dirty > 0
      ? 'Everything runs. Bad readings go to quarantine, nothing is lost.'
      : `Everything runs: each reading goes from the station to gold${isQuick(state) ? ' in seconds' : ''}.`,
  )
}
