/** `rtstream-tui setup`: makes on the data plane what no template can, and changes only what differs. */
import type { ProvisioningStep, Standing } from '../azure/provisioning/provisioning.ts'
import { ServiceError } from '../pipeline/ports/errors.ts'

export interface SetupContext {
  /** In the order in which they are made. */
  steps: readonly ProvisioningStep[]
  /** Only say what would be done. */
  dryRun: boolean
  /** One JSON object at the end in place of lines. */
  json: boolean
  write: (text: string) => void
  signal?: AbortSignal
}

/** `skipped`: a step before it has failed. */
export type SetupResult =
  | 'created'
  | 'changed'
  | 'unchanged'
  | 'would create'
  | 'would change'
  | 'failed'
  | 'skipped'

export interface SetupReport {
  what: string
  result: SetupResult
  /** What happened, for a step that failed or was skipped. */
  detail?: string
  /** What to do now. */
  hint?: string
}

/**
 * Goes on after a failure with all that does not depend on it, so that one run shows everything that is missing.
 * @returns exit code 0, or 1 when a step failed.
 */
export async function runSetup(context: SetupContext): Promise<number> {
  const reports: SetupReport[] = []
  for (const step of context.steps) {
    context.signal?.throwIfAborted()
    const blocker = reports.find(({ what }) => what === step.after)
    const isBlocked = blocker?.result === 'failed' || blocker?.result === 'skipped'
    const report: SetupReport = isBlocked
      ? { what: step.what, result: 'skipped', detail: `needs ${step.after}` }
      : await carryOut(step, context)
    reports.push(report)
    if (!context.json) context.write(line(report))
  }
  const failed = reports.filter(({ result }) => result === 'failed').length
  if (context.json) {
    context.write(
      `${JSON.stringify({ type: 'setup', ok: failed === 0, dryRun: context.dryRun, steps: reports })}\n`,
    )
  } else context.write(conclusion(reports, context.dryRun))
  return failed > 0 ? 1 : 0
}

async function carryOut(step: ProvisioningStep, { dryRun, signal }: SetupContext): Promise<SetupReport> {
  try {
    const standing = await step.inspect(signal)
    if (standing === 'same') return { what: step.what, result: 'unchanged' }
    if (dryRun) return { what: step.what, result: standing === 'absent' ? 'would create' : 'would change' }
    await step.apply(signal)
    return { what: step.what, result: doneTo(standing) }
  } catch (error) {
    signal?.throwIfAborted()
    return failure(step, error)
  }
}

const doneTo = (standing: Standing): SetupResult => (standing === 'absent' ? 'created' : 'changed')

function failure(step: ProvisioningStep, error: unknown): SetupReport {
  const detail = error instanceof Error ? error.message : String(error)
  const known = error instanceof ServiceError ? error : undefined
  // A missing token is fixed by signing in; a refusal by a privilege.
  const hint = known?.kind === 'authorization' ? (known.hint ?? step.whenRefused?.()) : known?.hint
  return { what: step.what, result: 'failed', detail, ...(hint === undefined ? {} : { hint }) }
}

function line({ what, result, detail, hint }: SetupReport): string {
  const more = [detail, hint && `→ ${hint}`].filter(Boolean).map((text) => `${' '.repeat(14)}${text}\n`)
  return `${result.padEnd(12)}  ${what}\n${more.join('')}`
}

function conclusion(reports: readonly SetupReport[], dryRun: boolean): string {
  const count = (result: SetupResult) => reports.filter((report) => report.result === result).length
  const failed = count('failed')
  if (failed > 0) {
    const skipped = count('skipped')
    return `\nSetup is not complete: ${failed} failed${skipped ? `, ${skipped} skipped` : ''}. Mend it and run setup again.\n`
  }
  if (dryRun)
    return `\nNothing was changed. Setup would create ${count('would create')} and change ${count('would change')}.\n`
  return '\nSetup is complete. Next: rtstream-tui doctor, then rtstream-tui --target azure\n'
}
