/**
 * The api-versions of infra/ are published ones, the newest but for what is named here, each with the schema of its type in the
 * snapshot. The list is of versions only: the schemas come from packages (scripts/bicep-schemas.ts).
 */
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { describeProviders } from '../../src/local/resource-manager/providers.ts'
import { sources } from './bicep/snapshot.ts'
import { schemaOf } from './bicep/types.ts'

const published = JSON.parse(
  readFileSync(new URL('./fixtures/published-api-versions.json', import.meta.url), 'utf8'),
) as { source: string; read: string; providers: Record<string, string[]> }

const REFERENCE = /'(Microsoft\.[A-Za-z]+)(\/[A-Za-z/]+)@([^']+)'/g
const used = Object.values(sources()).flatMap((text) =>
  [...text.matchAll(REFERENCE)].map(([, provider = '', type, version = '']) => ({
    reference: `${provider}${type}@${version}`,
    provider,
    version,
  })),
)

describe('the api-versions', () => {
  it('of the list say where and when they were read', () => {
    expect(published.source).toContain('bicep-types-az')
    expect(published.read).toMatch(/^\d{4}-\d\d-\d\d$/)
  })

  it.each([...new Map(used.map((one) => [one.reference, one])).values()])(
    '$reference is published, and its schema is in the snapshot',
    ({ reference, provider, version }) => {
      expect(published.providers[provider]).toContain(version)
      expect(schemaOf(reference)).toBeDefined()
    },
  )

  /** Newer than the types of Bicep 0.49.2, with which the templates were compiled. */
  const TOO_NEW = ['Microsoft.Storage@2026-09-01']

  it.each([...new Map(used.map((one) => [one.reference, one])).values()])(
    '$reference is the newest, or a preview that is newer',
    ({ provider, version }) => {
      const stable = (published.providers[provider] ?? []).filter(
        (one) => !one.endsWith('-preview') && !TOO_NEW.includes(`${provider}@${one}`),
      )
      // Dates: the later one is the greater text.
      expect(version >= (stable.toSorted().at(-1) ?? '')).toBe(true)
    },
  )

  it('are found in the templates at all', () => expect(used.length).toBeGreaterThan(20))

  it('that the local Resource Manager names for a provider are published', () => {
    const unknown = describeProviders().flatMap(({ namespace, resourceTypes }) =>
      resourceTypes.flatMap(({ resourceType, apiVersions }) =>
        apiVersions
          .filter((version) => published.providers[namespace]?.includes(version) === false)
          .map((version) => `${namespace}/${resourceType}@${version}`),
      ),
    )
    expect(unknown).toEqual([])
  })
})
