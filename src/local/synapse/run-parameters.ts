/** What a start gives its run. The notebooks here take nothing from it; it is kept so that its clients find it again. */
import { grouped } from '../../contract/grouped.ts'
import { HttpError } from '../http/errors.ts'
import type { Artifact } from './artifacts.ts'

/** As JSON (bytes), so that the history of runs stays small. */
const MAX_BYTES = 100_000

/**
 * @param given the body of `createRun`: values by name.
 * @returns them and the defaults of the pipeline's own, each as the text that a run's description has.
 * @throws HttpError 400
 */
export function parametersIn(given: Record<string, unknown>, pipeline: Artifact): Record<string, string> {
  const declared = (pipeline.properties.parameters ?? {}) as Record<string, { defaultValue?: unknown } | null>
  const defaults = Object.entries(declared).flatMap(([name, parameter]) =>
    parameter?.defaultValue === undefined ? [] : [[name, parameter.defaultValue] as const],
  )
  // Put together this way any name may be a parameter's, also one that every object has.
  const values = { ...Object.fromEntries(defaults), ...given }
  if (Buffer.byteLength(JSON.stringify(values)) > MAX_BYTES)
    throw new HttpError(
      400,
      'BadRequest',
      `The parameters of a run of pipeline '${pipeline.name}' must not exceed ${grouped(MAX_BYTES)} bytes.`,
    )
  return Object.fromEntries(
    Object.entries(values).map(([name, value]) => [
      name,
      typeof value === 'string' ? value : JSON.stringify(value),
    ]),
  )
}
