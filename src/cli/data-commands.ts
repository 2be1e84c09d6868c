/** Commands that ask the pipeline and its layers. */
import { Option } from 'commander'
import type { ExportOptions } from '../commands/sql.ts'
import { count, duration } from './arguments.ts'
import type { CommandLine } from './command-line.ts'

/** `status`, `trace`, `sql`, `export` and the like. */
export function dataCommands(line: CommandLine): void {
  const { command, write, writeError, drained, interruption } = line
  command('status', 'print one snapshot of all stages and layers', async ({ config }, flags) => {
    const { attachTarget } = await import('../commands/shared/attach.ts')
    const { runStatus } = await import('../commands/status.ts')
    const { writeToPerson } = await import('../commands/shared/plain-text.ts')
    const target = await attachTarget(config)
    return runStatus({
      target,
      json: flags.json === true,
      write: writeToPerson(write, config, flags),
      now: Date.now,
      signal: interruption(),
    })
  }).option('--json', 'one JSON object')
  command('trace', 'follow one event through every layer', async ({ config }, flags, [id]) => {
    const { runTrace, traceQuery } = await import('../commands/trace.ts')
    const query = traceQuery({ id, newest: flags.newest === true, city: flags.city as string | undefined })
    const { attachTarget } = await import('../commands/shared/attach.ts')
    const { writeToPerson } = await import('../commands/shared/plain-text.ts')
    const { tracer } = await attachTarget(config)
    return runTrace({
      tracer,
      query,
      waitMs: (flags.wait as number | undefined) ?? 0,
      json: flags.json === true,
      write: writeToPerson(write, config, flags),
      now: Date.now,
      signal: interruption(),
    })
  })
    .argument('[id]', 'eventId, or PARTITION:SEQUENCE')
    .option('--newest', 'the newest event of the hub')
    .option('--city <name>', 'the newest event of a city')
    .addOption(
      new Option(
        '--wait <time>',
        'look again until nothing is to come any more, that long at most',
      ).argParser(duration),
    )
    .option('--json', 'one JSON object')
  command('sql', 'ask the layers in SQL; without a query: examples', async ({ config }, flags, [sql]) => {
    const { runSql } = await import('../commands/sql.ts')
    const { attachTarget } = await import('../commands/shared/attach.ts')
    const target = sql === undefined ? undefined : await attachTarget(config)
    return runSql({
      query: target?.query,
      target: config.target,
      sql,
      format: flags.json ? 'json' : flags.csv ? 'csv' : 'table',
      maxRows: flags.maxRows as number,
      yes: flags.yes === true,
      write,
      drained,
      writeError,
      signal: interruption(),
    })
  })
    .argument('[query]', 'one SELECT over bronze, silver, quarantine, gold, by_minute, aggregated')
    .addOption(new Option('--json', 'one JSON object per row').conflicts('csv'))
    .option('--csv', 'comma-separated values')
    .option('--yes', 'fetch also more than 100 MB from Azure')
    .addOption(new Option('--max-rows <count>', 'rows at most').argParser(count).default(10_000))
  command('export', 'write a table to a file', async ({ config }, flags, [table]) => {
    const { runExport, tableToExport } = await import('../commands/sql.ts')
    const { attachTarget } = await import('../commands/shared/attach.ts')
    const asked = {
      table: table ?? '',
      format: flags.format as ExportOptions['format'],
      out: flags.out as string | undefined,
    }
    tableToExport(asked)
    const { query } = await attachTarget(config)
    return runExport({
      ...asked,
      query,
      target: config.target,
      yes: flags.yes === true,
      write,
      drained,
      writeError,
      signal: interruption(),
    })
  })
    .argument('<table>', 'bronze, silver, quarantine, gold, by_minute or aggregated')
    .addOption(new Option('--format <name>', 'form of the file').choices(['csv', 'parquet']).default('csv'))
    .option('--out <file>', 'where to, - is standard output (default: the name of the table)')
    .option('--yes', 'fetch also more than 100 MB from Azure')
}
