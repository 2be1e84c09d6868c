import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { unityCatalogName } from '../../src/azure/provisioning/unity-catalog.ts'

const guide = (name: string) => readFileSync(new URL(`../../docs/${name}`, import.meta.url), 'utf8')

describe('docs/workshop.md', () => {
  const text = guide('workshop.md')

  it('plans an hour with three lessons, and one with phones; each is as long as its file says', () => {
    const headings = [...text.matchAll(/^## .+ in (\d+) minutes$/gm)].map(([, minutes]) => Number(minutes))
    const files = readdirSync(new URL('../../lessons/', import.meta.url))
      .filter((name) => name.endsWith('.md'))
      .sort()
    const planned = files.map((name) =>
      Number(
        /^minutes: (\d+)$/m.exec(
          readFileSync(new URL(`../../lessons/${name}`, import.meta.url), 'utf8'),
        )?.[1],
      ),
    )
    expect(headings).toEqual(planned)
    expect(headings.slice(0, 3).reduce((sum, minutes) => sum + minutes, 0)).toBe(60)
  })
})

describe('docs/azure.md', () => {
  it('calls things as setup does', () => {
    expect(guide('azure.md')).toContain(unityCatalogName('ACCOUNT'))
  })
})
