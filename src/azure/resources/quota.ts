/** vCPU quotas of a region. */
import type { RestClient } from '../http/rest-client.ts'
import { regionName } from './providers.ts'

/** In vCPUs. */
export interface Quota {
  /** `cores` for the whole region, or a VM family: `standardDSv3Family`. */
  name: string
  used: number
  limit: number
}

interface UsagesBody {
  value?: { name?: { value?: string }; currentValue?: number; limit?: number }[]
}

/** The region's quotas with the given names, except those that Azure does not list. */
export async function quotas(
  client: RestClient,
  subscription: string,
  location: string,
  names: readonly string[],
  signal?: AbortSignal,
): Promise<Quota[]> {
  const path = `${subscription}/providers/Microsoft.Compute/locations/${regionName(location)}/usages`
  const { body } = await client.request<UsagesBody>('GET', path, {
    query: { 'api-version': '2024-07-01' },
    signal,
  })
  const wanted = names.map((name) => name.toLowerCase())
  return (body?.value ?? []).flatMap(({ name, currentValue = 0, limit = 0 }) => {
    const value = name?.value ?? ''
    return wanted.includes(value.toLowerCase()) ? [{ name: value, used: currentValue, limit }] : []
  })
}
