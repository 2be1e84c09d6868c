import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { unityCatalogName } from '../../src/azure/provisioning/unity-catalog.ts'

const guide = (name: string) => readFileSync(new URL(`../../docs/${name}`, import.meta.url), 'utf8')

describe('docs/workshop.md', () => {
  const text = guide('workshop.md')

  it('plans sixty minutes, and each part as long as its heading says', () => {
    const planned = [...text.matchAll(/^\| (\d+) \| ([^|]+?) \|/gm)].map(([, minutes, part]) => [
      part,
      Number(minutes),
    ])
    expect(planned.reduce((sum, [, minutes]) => sum + Number(minutes), 0)).toBe(60)
    const headings = [...text.matchAll(/^### \d\. (.+) \((\d+) minutes\)$/gm)].map(([, part, minutes]) => [
      part,
      Number(minutes),
    ])
    expect(headings).toEqual(planned)
  })
})

describe('docs/azure.md', () => {
  it('calls things as setup does', () => {
    expect(guide('azure.md')).toContain(unityCatalogName('ACCOUNT'))
  })
})
