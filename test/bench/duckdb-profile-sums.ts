/** Sums up the profiles that DuckDB leaves of single statements (`PRAGMA enable_profiling = 'json'`). */

/** As far as it is summed up. */
export interface DuckDbProfile {
  query_name: string
  children: readonly ProfiledOperator[]
}

/** A step of a plan, with what feeds it. */
export interface ProfiledOperator {
  operator_name: string
  /** Its own, without its children's (s). */
  operator_timing: number
  operator_cardinality: number
  children: readonly ProfiledOperator[]
}

interface Sum {
  runs: number
  seconds: number
}
interface StatementSum extends Sum {
  /** In all of its operators; what is left of `seconds` is planning, and putting the result together. */
  operators: Map<string, Sum & { rows: number }>
}

/** Statements that differ in numbers, names of files and texts alone are one. */
const patternOf = (sql: string) =>
  sql
    .replace(/'(?:[^']|'')*'/g, "'…'")
    .replace(/\b\d+\b/g, '#')
    .replace(/\bseen_\d+/g, 'seen_#')
    .replace(/(?:'…', )+'…'/g, "'…', …")
    .replace(/\s+/g, ' ')
    .trim()

/** Every statement's runs, time, and operators. */
export class StatementSums {
  readonly #statements = new Map<string, StatementSum>()

  get isEmpty(): boolean {
    return this.#statements.size === 0
  }

  /** Adds one run of a statement. @param seconds from the call to its result. */
  add({ query_name: sql, children }: DuckDbProfile, seconds: number): void {
    const pattern = patternOf(sql)
    const sum = this.#statements.get(pattern) ?? { runs: 0, seconds: 0, operators: new Map() }
    this.#statements.set(pattern, sum)
    sum.runs++
    sum.seconds += seconds
    for (const operator of operatorsIn(children)) {
      const name = operator.operator_name.trim()
      const own = sum.operators.get(name) ?? { runs: 0, seconds: 0, rows: 0 }
      sum.operators.set(name, own)
      own.runs++
      own.seconds += operator.operator_timing
      own.rows += operator.operator_cardinality
    }
  }

  /** The dearest first. */
  *sorted(): Generator<[pattern: string, sum: StatementSum]> {
    yield* [...this.#statements].sort(([, one], [, other]) => other.seconds - one.seconds)
  }
}

function* operatorsIn(operators: readonly ProfiledOperator[]): Generator<ProfiledOperator> {
  for (const operator of operators) {
    yield operator
    yield* operatorsIn(operator.children)
  }
}

const STATEMENT_LENGTH = 160
const LEAST_SHARE = 0.01
const milliseconds = (seconds: number) => (seconds * 1000).toFixed(1).padStart(10)

/** For people: each statement with its operators, as far as one takes a hundredth of the statement's time. */
export function profileText(sums: StatementSums): string {
  const lines: string[] = []
  for (const [pattern, { runs, seconds, operators }] of sums.sorted()) {
    lines.push(`${milliseconds(seconds)} ms in ${runs} runs: ${pattern.slice(0, STATEMENT_LENGTH)}`)
    const dear = [...operators].sort(([, one], [, other]) => other.seconds - one.seconds)
    for (const [name, own] of dear)
      if (own.seconds >= seconds * LEAST_SHARE)
        lines.push(`    ${milliseconds(own.seconds)} ms ${name}, ${own.rows} rows`)
    const inOperators = dear.reduce((sum, [, own]) => sum + own.seconds, 0)
    lines.push(`    ${milliseconds(Math.max(0, seconds - inOperators))} ms planning and all else`)
  }
  return `${lines.join('\n')}\n`
}
