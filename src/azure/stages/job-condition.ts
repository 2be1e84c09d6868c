/** What Stream Analytics says about a job's inputs and outputs; the job itself does not. */
import type { StreamAnalyticsManagementClient } from '@azure/arm-streamanalytics'
import { ServiceError } from '../../pipeline/ports/errors.ts'
import { callSdk } from '../errors/sdk-error.ts'

/** A job has up to 60 inputs and 60 outputs. */
const MOST_PAGES = 20

/** @returns the newest one's first line; undefined: it says nothing. @throws ServiceError */
export async function newestCondition(
  service: string,
  client: StreamAnalyticsManagementClient,
  { resourceGroup, job }: { resourceGroup: string; job: string },
  signal: AbortSignal | undefined,
): Promise<string | undefined> {
  const parts = await callSdk(service, signal, async (abortSignal) => {
    const options = { select: '*', abortSignal }
    const { outputs, inputs } = client
    const found = await whole(service, outputs.listByStreamingJob(resourceGroup, job, options), 'outputs')
    const read = await whole(service, inputs.listByStreamingJob(resourceGroup, job, options), 'inputs')
    return [...found, ...read.map(({ properties }) => ({ diagnostics: properties?.diagnostics }))]
  })
  const [newest] = parts
    .flatMap(({ diagnostics }) => diagnostics?.conditions ?? [])
    .toSorted((one, other) => newestFirst(String(one.since), String(other.since)))
  return newest?.message?.split('\n')[0]
}

/** Of times as the service writes them, which are in the order of their letters. */
const newestFirst = (one: string, other: string) => Number(other > one) - Number(other < one)

/** @throws ServiceError for a list that does not end. */
async function whole<T>(service: string, list: { byPage(): AsyncIterable<T[]> }, what: string): Promise<T[]> {
  const found: T[] = []
  let pages = 0
  for await (const page of list.byPage()) {
    if (++pages > MOST_PAGES)
      throw new ServiceError(
        'service',
        service,
        `The list of the job’s ${what} does not end: ${MOST_PAGES} pages were read.`,
      )
    found.push(...page)
  }
  return found
}
