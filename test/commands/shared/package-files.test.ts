import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { exportNotebooks } from '../../../src/commands/notebooks.ts'
import { readLessons } from '../../../src/commands/shared/lessons.ts'
import { describeError, incomplete } from '../../../src/commands/shared/user-error.ts'

const folder = mkdtempSync(join(tmpdir(), 'rtstream-package-'))
afterAll(() => rmSync(folder, { recursive: true }))

const toldOf = (act: () => unknown): string => {
  try {
    act()
  } catch (error) {
    return describeError(error)
  }
  return ''
}

it('what is missing of the package is told as such, and not with the data folder', () => {
  const missing = `${join(folder, 'missing')}/`
  for (const told of [
    toldOf(() => readLessons(missing)),
    toldOf(() => exportNotebooks(join(folder, 'out'), missing)),
  ]) {
    expect(told).toMatch(/^The (lessons|notebooks) that come with rtstream-tui cannot be read: ENOENT/)
    expect(told).toContain('install it again')
    expect(told).not.toContain('--data-dir')
  }
})

it('an error with another cause stays what it is', () => {
  const other = Object.assign(new Error('refused'), { path: '/elsewhere' })
  expect(() => incomplete('The notebooks', folder)(other)).toThrow(other)
  expect(toldOf(() => exportNotebooks(join(import.meta.filename, 'out'), folder))).toContain(
    'cannot be written to',
  )
})
