import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'

const read = (file: string) =>
  JSON.parse(readFileSync(new URL(`../../${file}`, import.meta.url), 'utf8')) as unknown

describe('package.json', () => {
  it('says of every dependency that would run a script at its installation whether it may', () => {
    const { allowScripts } = read('package.json') as { allowScripts: Record<string, boolean> }
    const { packages } = read('package-lock.json') as {
      packages: Record<string, { hasInstallScript?: boolean; optional?: boolean }>
    }
    const withScripts = Object.entries(packages)
      // What is optional is of another platform, or comes built.
      .filter(([, { hasInstallScript, optional }]) => hasInstallScript && !optional)
      .map(([path]) => path.replace(/^.*node_modules\//, ''))
    expect(withScripts.length).toBeGreaterThan(0)
    expect(Object.keys(allowScripts).sort()).toEqual([...new Set(withScripts)].sort())
  })
})
