/** How a stage's state is shown: glyph, words, colour; the same in the flow, the panels and the help. */
import type { StageState } from '../../pipeline/ports.ts'
import type { StageSlice } from '../../pipeline/state.ts'
import { formatAge } from '../format.ts'
import type { Glyphs } from '../glyphs.ts'
import { type Line, printable, span } from '../line.ts'
import type { Token } from '../theme.ts'

export const STATE_TOKENS: Readonly<Record<StageState, Token>> = {
  running: 'ok',
  stopped: 'muted',
  starting: 'warn',
  stopping: 'warn',
  degraded: 'warn',
  failed: 'fail',
  unknown: 'muted',
}

/** Older than this an answer is called old (ms). */
const STALE_MS = 12_000

/** `● Running`: our glyph, and the service's own word (ours where it has none). */
export function stateLine(stage: StageSlice, glyphs: Glyphs): Line {
  const token = STATE_TOKENS[stage.state]
  return [span(`${glyphs.states[stage.state]} `, token), span(printable(stage.words || stage.state), token)]
}

/** `for 00:11:58`, or a command's elapsed against its usual time. */
export function sinceText(stage: StageSlice, now: number): string {
  if (stage.command) {
    const { kind, startedAt, usualMs } = stage.command
    return `${kind === 'start' ? 'starting' : 'stopping'} ${formatAge(now - startedAt)}, usually ${formatAge(usualMs)}`
  }
  return stage.since === undefined ? '' : `for ${formatAge(now - stage.since)}`
}

/** `42 s old` when the last answer is; undefined while it is fresh. */
export function staleText(updatedAt: number | undefined, now: number): string | undefined {
  return updatedAt === undefined || now - updatedAt <= STALE_MS
    ? undefined
    : `${formatAge(now - updatedAt)} old`
}
