/** Commands for programs beside the product: the local services and where they listen. */
import type { CommandLine } from './command-line.ts'

/** `serve` and `endpoints`. */
export function serviceCommands(line: CommandLine): void {
  const { command, write, writeError, interruption } = line
  command(
    'serve',
    'run the local services alone, for programs and their tests',
    async ({ config }, flags) => {
      const { runServe, stagesToStart } = await import('../commands/serve.ts')
      const start = stagesToStart(flags.start as string | undefined)
      return runServe({ config, start, json: flags.json === true, write, writeError, signal: interruption() })
    },
  )
    .option('--start <stages>', 'stages to start: stream-analytics, silver, gold, aggregate, or all')
    .option('--json', 'one line with the endpoints, once all of them answer')
  command(
    'endpoints',
    'print the connection strings and URLs of the running local Azure',
    async ({ config }, flags) =>
      (await import('../commands/endpoints.ts')).runEndpoints({
        dataDir: config.dataDir,
        json: flags.json === true,
        write,
      }),
  ).option('--json', 'one JSON object')
}
