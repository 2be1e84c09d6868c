/** Where an effective value came from. */
export type Source =
  | { kind: 'flag'; name: string }
  | { kind: 'environment'; name: string }
  | { kind: 'file'; name: string }
  | { kind: 'azd'; name: string }
  | { kind: 'default' }

/** For a person: `flag --stations`, `environment variable RTSTREAM_STATIONS`, `rtstream.config.json`, `default`. */
export function describeSource(source: Source): string {
  switch (source.kind) {
    case 'flag':
      return `flag ${source.name}`
    case 'environment':
      return `environment variable ${source.name}`
    case 'default':
      return 'default'
    default:
      return source.name
  }
}

/** One wrong or missing setting, in parts, so that a message can be made of it and a program can use it. */
export interface ConfigProblem {
  /** `stations`, `azure.subscriptionId`, or the file or flag itself. */
  key: string
  /** Where the wrong value stands; undefined: nowhere, the value is missing. */
  source: Source | undefined
  /** What was found; secrets are left out. */
  found: string
  /** What would have been accepted. */
  expected: string
  /** The whole problem as one sentence, where it is not about a single wrong value. */
  sentence?: string
}

/** Everything that is wrong with the configuration, at once. Usage error: the process exits with 2. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError'
  readonly problems: readonly ConfigProblem[]
  readonly exitCode = 2

  constructor(problems: readonly ConfigProblem[]) {
    const lines = problems.map(describeProblem)
    super(
      lines.length === 1
        ? `${problems[0]?.sentence === undefined ? 'Wrong setting ' : ''}${lines[0]}`
        : `The configuration has ${lines.length} problems:\n${lines.map((line) => `  ${line}`).join('\n')}`,
    )
    this.problems = problems
  }
}

function describeProblem({ key, source, found, expected, sentence }: ConfigProblem): string {
  const name = source && describeSource(source)
  const where = name === undefined || name === key ? '' : ` (${name})`
  // A parser's message quotes what it has found: line ends, escape sequences, whatever the file holds.
  return (sentence ?? `${key}${where}: ${found}; expected ${expected}`).replace(/\p{Cc}+/gu, ' ')
}
