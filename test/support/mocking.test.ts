/** Each file that mocks modules has a process of its own. */
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { MOCKING } from './mocking.ts'

const root = join(import.meta.dirname, '../..')

it('names every file that mocks a module, and no other', () => {
  const mocks = (path: string) => /\bvi\.(?:do)?[mM]ock\(/.test(readFileSync(join(root, path), 'utf8'))
  const paths = globSync('test/**/*.test.{ts,tsx}', { cwd: root }).map((path) => path.replaceAll('\\', '/'))
  expect(paths.length).toBeGreaterThan(300)
  expect(paths.filter((path) => !path.endsWith('support/mocking.test.ts') && mocks(path)).toSorted()).toEqual(
    MOCKING,
  )
})
