/** The common form of all setup steps: look, then create or change. */

/** The current state, compared with the wanted one. */
export type Standing = 'absent' | 'different' | 'same'

export interface ProvisioningStep {
  /** `Databricks job rtstream-silver` */
  what: string
  /** Name of a step that must have succeeded before this one makes sense. */
  after?: string
  /** @throws ServiceError */
  inspect(signal?: AbortSignal): Promise<Standing>
  /** Creates or changes; safe to repeat. @throws ServiceError */
  apply(signal?: AbortSignal): Promise<void>
  /** A line for a person when a call was refused: which privilege is missing, and who can grant it. */
  whenRefused?: () => string
}

/** True when everything wanted was found; more may be there (services fill in defaults). */
export function includes(found: unknown, wanted: unknown): boolean {
  if (typeof wanted !== 'object' || wanted === null) return found === wanted
  if (typeof found !== 'object' || found === null) return false
  if (Array.isArray(wanted)) {
    return (
      Array.isArray(found) &&
      found.length === wanted.length &&
      wanted.every((item, index) => includes(found[index], item))
    )
  }
  return Object.entries(wanted).every(([key, value]) =>
    includes((found as Record<string, unknown>)[key], value),
  )
}
