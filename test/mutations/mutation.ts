/** A change of a limit, a guard or an operator that the tests must notice. */

export interface Mutation {
  file: string
  /** What the change means. */
  what: string
  /** Stands exactly once in the file. */
  find: string
  put: string
  /** The tests nearest to it. */
  tests: readonly string[]
}

type Change = readonly [what: string, find: string, put: string]

/** All changes of one file. @param file below `src/`. */
export const of = (file: string, tests: readonly string[], changes: readonly Change[]): Mutation[] =>
  changes.map(([what, find, put]) => ({ file: `src/${file}`, what, find, put, tests }))
