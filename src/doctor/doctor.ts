/** `rtstream-tui doctor`: one real call per service, each finding with why it matters and the command that fixes it. */

import { ServiceError } from '../pipeline/ports/errors.ts'
import { countOf } from '../pipeline/state/count-of.ts'

/** Only a failure makes doctor's exit code one. */
export type Level = 'ok' | 'warning' | 'failure'

export interface Finding {
  level: Level
  /** What was found, one line. */
  detail: string
  /** Why it matters. */
  why?: string
  /** The command that fixes it, or what to do. */
  fix?: string
  /** Of the real call behind the finding, milliseconds. */
  latencyMs?: number
}

export interface Check {
  /** Stable, for scripts: `event-hubs`. */
  id: string
  title: string
  why: string
  /** Id of a check without whose success this one makes no sense. */
  needs?: string
  /** A rejection becomes a failure with the error's message and hint. */
  run(signal: AbortSignal): Promise<Finding | readonly Finding[]>
}

export interface DoctorContext {
  target: 'local' | 'azure'
  checks: readonly Check[]
  json: boolean
  /** Plain letters in place of marks. */
  ascii: boolean
  write: (text: string) => void
  /** Per check, milliseconds. */
  timeoutMs?: number
  signal?: AbortSignal
}

interface Examined {
  id: string
  title: string
  findings: readonly Finding[]
  /** Nothing that needs this check makes sense. */
  isBlocking: boolean
}

/**
 * Runs all checks side by side (those that need another after it) and prints them in their order.
 * @returns exit code 0, or 1 when anything failed; warnings do not count.
 */
export async function runDoctor(context: DoctorContext): Promise<number> {
  const running = new Map<string, Promise<Examined>>()
  for (const check of context.checks) running.set(check.id, examine(check, context, running))
  const examined: Examined[] = []
  for (const check of context.checks) {
    const result = (await running.get(check.id)) as Examined
    examined.push(result)
    if (!context.json) context.write(text(result, context.ascii))
  }
  context.signal?.throwIfAborted()
  const all = examined.flatMap(({ findings }) => findings)
  const count = (level: Level) => all.filter((finding) => finding.level === level).length
  const [warnings, failures] = [count('warning'), count('failure')]
  if (context.json) {
    const findings = examined.flatMap(({ id, title, findings: found }) =>
      found.map((finding) => ({ check: id, title, ...finding })),
    )
    context.write(
      `${JSON.stringify({ type: 'doctor', target: context.target, ok: failures === 0, failures, warnings, findings })}\n`,
    )
  } else context.write(`\n${conclusion(failures, warnings)}\n`)
  return failures > 0 ? 1 : 0
}

async function examine(
  check: Check,
  context: DoctorContext,
  others: ReadonlyMap<string, Promise<Examined>>,
): Promise<Examined> {
  const { id, title, needs, why } = check
  const needed = needs === undefined ? undefined : await others.get(needs)
  if (needed?.isBlocking) {
    return {
      id,
      title,
      findings: [{ level: 'warning', detail: `not checked: needs ${needed.title}` }],
      isBlocking: true,
    }
  }
  const timeout = AbortSignal.timeout(context.timeoutMs ?? 20_000)
  const signal = context.signal ? AbortSignal.any([context.signal, timeout]) : timeout
  try {
    const found = await Promise.race([check.run(signal), rejectionOf(signal)])
    const findings = (Array.isArray(found) ? found : [found]) as Finding[]
    return {
      id,
      title,
      findings: findings.map((finding) => (finding.level === 'ok' ? finding : { why, ...finding })),
      isBlocking: findings.some(({ level }) => level === 'failure'),
    }
  } catch (error) {
    const detail = timeout.aborted
      ? 'no answer in time'
      : error instanceof Error
        ? error.message
        : String(error)
    const fix = error instanceof ServiceError ? error.hint : undefined
    const finding: Finding = { level: 'failure', detail, why, ...(fix === undefined ? {} : { fix }) }
    return { id, title, findings: [finding], isBlocking: true }
  }
}

/** Some SDK calls cannot be aborted; the report does not wait for them. */
function rejectionOf(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true })
  })
}

const MARKS: Readonly<Record<Level, readonly [mark: string, ascii: string]>> = {
  ok: ['✓', 'ok  '],
  warning: ['!', 'warn'],
  failure: ['✗', 'FAIL'],
}

const TITLE_WIDTH = 22

function text({ title, findings }: Examined, ascii: boolean): string {
  return findings
    .map(({ level, detail, why, fix, latencyMs }, index) => {
      const mark = MARKS[level][ascii ? 1 : 0]
      const name = (index === 0 ? title : '').padEnd(TITLE_WIDTH)
      const latency = latencyMs === undefined ? '' : ` (${Math.round(latencyMs)} ms)`
      const indent = ' '.repeat(mark.length + 1 + TITLE_WIDTH)
      const more = [level !== 'ok' && why && `why: ${why}`, fix && `fix: ${fix}`].filter(Boolean)
      return [`${mark} ${name}${detail}${latency}`, ...more.map((line) => indent + line)].join('\n')
    })
    .map((block) => `${block}\n`)
    .join('')
}

function conclusion(failures: number, warnings: number): string {
  if (failures > 0)
    return `${countOf(failures, 'failure')}, ${countOf(warnings, 'warning')}. Mend the failures from the top: later ones may follow from earlier ones.`
  return warnings > 0 ? `Ready, with ${countOf(warnings, 'warning')}.` : 'Ready.'
}
