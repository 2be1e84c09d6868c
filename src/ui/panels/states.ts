/** How a stage's state is shown: glyph, words, colour; the same in the flow and in every panel. */
import type { RunOutcome, StageState } from '../../pipeline/ports/stages.ts'
import type { StageSlice } from '../../pipeline/state/state.ts'
import { formatAge, formatUptime } from '../text/format.ts'
import { STATE_GLYPHS } from '../text/glyphs.ts'
import { cut, type Line, printable, type Span, span, wrap } from '../text/line.ts'
import textWidth from '../text/text-width.ts'
import type { Token } from '../text/theme.ts'

/** The glyph says the same without colour. */
export const STATE_TOKENS: Readonly<Record<StageState, Token>> = {
  running: 'ok',
  stopped: 'muted',
  starting: 'warn',
  stopping: 'warn',
  degraded: 'warn',
  failed: 'fail',
  unknown: 'muted',
}

/** Older than this a number shows its age (ms): twice the slowest poll that is not for metrics. */
const STALE_MS = 12_000
/** Metrics of Azure are by the minute, and come a minute late. */
const STALE_METRICS_MS = 180_000

/** The service's own word for the state, or ours when it gave none. */
const wordsOf = (stage: StageSlice): string => printable(stage.providerStatus) || stage.state

/** `TERMINATED FAILED`; where there is room for no more, the last word, which tells how it ended. */
function fitWords(words: string, room: number): string {
  if (textWidth(words) <= room) return words
  return words.split(/[ _]/).at(-1) ?? words
}

/** `● Running` */
export const stateSpan = (stage: StageSlice, width = Number.POSITIVE_INFINITY): Span =>
  span(`${STATE_GLYPHS[stage.state]} ${fitWords(wordsOf(stage), width - 2)}`, STATE_TOKENS[stage.state])

/** `starting, 64 s of about 90 s`; undefined: no command is under way. */
function commandText(stage: StageSlice, now: number): string | undefined {
  if (!stage.command) return undefined
  const { kind, startedAt, usualMs } = stage.command
  const doing = kind === 'start' ? 'starting' : 'stopping'
  return `${doing}, ${formatAge(now - startedAt)} of about ${formatAge(usualMs)}`
}

/** Less of what happened says nothing (columns). */
const LEAST_REASON = 24

/** How long it runs; undefined for what does not. */
export const runsFor = (stage: StageSlice, now: number): string | undefined =>
  stage.since === undefined || stage.state === 'stopped' ? undefined : formatUptime(now - stage.since)

/** `  for 00:11:40`, after the state; empty for what does not run, or starts. */
export function forText(stage: StageSlice, now: number): string {
  const time = stage.command ? undefined : runsFor(stage, now)
  return time === undefined ? '' : `  for ${time}`
}

/** `42 s old` when the last answer is; undefined while it is fresh, or when nothing was ever heard. */
export const staleText = (at: number | undefined, now: number): string | undefined =>
  oldText(at, now, STALE_MS)
/** Undefined: they are fresh. On Azure metrics come minutes late, which is not old. */
export const staleMetricsText = (at: number | undefined, now: number, isLocal: boolean): string | undefined =>
  oldText(at, now, isLocal ? STALE_MS : STALE_METRICS_MS)

function oldText(at: number | undefined, now: number, limit: number): string | undefined {
  return at === undefined || now - at <= limit ? undefined : `${formatAge(now - at)} old`
}

/**
 * What is wrong with a stage, or why it waits, and what to do: as many lines as it takes, none when nothing is.
 * @param room width of a line, and the most lines; what has no room ends in `…`. @param name before the first line.
 */
export function troubleLines(
  stage: StageSlice,
  now: number,
  room: { width: number; most: number },
  name?: string,
): Line[] {
  const text = [commandText(stage, now), stage.detail && printable(stage.detail)].filter(Boolean).join(': ')
  if (text === '') return []
  const token = stage.state === 'failed' ? 'fail' : stage.state === 'running' ? 'muted' : 'warn'
  const start = name ? `${name}  ` : ''
  const most = Math.max(1, room.most)
  const width = Math.max(1, room.width - start.length)
  // What waits is told with its reason; what has ended, with what to do.
  const parts = stage.command ? wrap(text, width) : fitted(text, width, most)
  const shown = [...parts.slice(0, most - 1), parts.slice(most - 1).join(' ')].filter((part) => part !== '')
  return shown.map((part, index) => [
    span(index === 0 ? start : ' '.repeat(start.length), 'muted'),
    span(part, token),
  ])
}

/** Between what happened and what to do: error-text.ts of the pipeline. */
const BETWEEN = ' — '

/** Where not all has room, what happened is cut rather than what to do about it. */
function fitted(text: string, width: number, most: number): string[] {
  const parts = wrap(text, width)
  const at = text.lastIndexOf(BETWEEN)
  if (parts.length <= most || at < 0) return parts
  const remedy = text.slice(at)
  for (let room = width * most - textWidth(remedy); room > LEAST_REASON; room -= 8) {
    const shorter = wrap(cut(text.slice(0, at), room) + remedy, width)
    if (shorter.length <= most) return shorter
  }
  return parts
}

/** How a run ended: `✓` by itself or as asked, `✗` failed, and the glyph of its state while it lasts. */
export function outcomeSpan(run: RunOutcome): Span {
  const isOver = run.endedAt !== undefined
  if (run.state === 'failed') return span(STATE_GLYPHS.failed, 'fail')
  if (isOver)
    return /cancel/i.test(run.providerStatus) ? span(STATE_GLYPHS.stopped, 'muted') : span('✓', 'ok')
  return span(STATE_GLYPHS[run.state], STATE_TOKENS[run.state])
}

/** `✓ ✗ ✓ ●`: the last runs, newest at the right. */
export const historyLine = (history: readonly RunOutcome[], most: number): Line =>
  history
    .slice(0, most)
    .reverse()
    .flatMap((run, index) => [...(index === 0 ? [] : [span(' ')]), outcomeSpan(run)])
