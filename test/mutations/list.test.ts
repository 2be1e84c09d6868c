/** The list of changes fits the code: one that fits nowhere would be tried no more, and nobody would notice. */
import { existsSync, readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { expect, it } from 'vitest'
import { MUTATIONS } from './list.ts'

const root = resolve(import.meta.dirname, '../..')

it.each(MUTATIONS)('$file: $what', ({ file, find, put, tests }) => {
  expect(readFileSync(resolve(root, file), 'utf8').split(find)).toHaveLength(2)
  expect(put).not.toBe(find)
  for (const test of tests) expect(existsSync(resolve(root, test)), test).toBe(true)
})
