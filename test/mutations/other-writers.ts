/** Changes of what the embedded engine makes of other writers' commits. */
import { type Mutation, of } from './mutation.ts'

const TESTS = ['test/local/engine/other-writers.test.ts']

export const OTHER_WRITERS: readonly Mutation[] = [
  ...of('local/engine/jobs/deduplication.ts', TESTS, [
    ['readings that others append are not known', 'await this.#takeInOthers(before)', ''],
  ]),
  ...of('local/engine/jobs/upsert-rows.ts', TESTS, [
    ['columns of others are dropped', 'if (added.length === 0 || files.length === 0) return []', 'return []'],
  ]),
]
