/** The command line: reads arguments, loads the configuration, and hands over to a command, which is imported only then. */
import { fileURLToPath } from 'node:url'
import { Argument, Command, CommanderError, InvalidArgumentError, Option } from 'commander'
import { type PlannedFault, plannedFault } from './commands/shared/fault-plan.ts'
import { keepHeapSmall } from './commands/shared/memory.ts'
import { openOutput } from './commands/shared/output.ts'
import { describeUsage } from './commands/shared/usage.ts'
import { describeError } from './commands/shared/user-error.ts'
import { ConfigError } from './config/error.ts'
import type { LoadedConfig, LoadOptions } from './config/load.ts'
import { loadConfig } from './config/load.ts'
import { type Setting, settings } from './config/settings.ts'
import { parseDuration } from './config/units.ts'

declare const __VERSION__: string

const output = openOutput(process.stdout, process.stderr)
const { write, writeError } = output

type Flags = Record<string, unknown>
type Defaults = Pick<LoadOptions, 'defaultTarget'>

/** What a command does: resolves with the exit code. */
type Action = (loaded: LoadedConfig, flags: Flags, args: readonly string[]) => Promise<number>

/** Timers count no further than 24.8 days. */
const LONGEST_RUN = '24d'

const duration = (text: string): number => {
  const ms = parseDuration(text)
  if (ms === undefined || ms <= 0 || ms > (parseDuration(LONGEST_RUN) as number))
    throw new InvalidArgumentError(`expected a duration up to ${LONGEST_RUN}, such as 30s, 5m or 1h.`)
  return ms
}

const fault = (text: string, before: readonly PlannedFault[] = []): readonly PlannedFault[] => {
  try {
    return [...before, plannedFault(text)]
  } catch (error) {
    throw new InvalidArgumentError((error as Error).message)
  }
}

const file = (text: string): string => {
  if (text.trim() === '') throw new InvalidArgumentError('expected a file.')
  return text
}

const factor = (text: string): number => {
  const value = Number(text)
  if (!(value >= 0.1 && value <= 64)) throw new InvalidArgumentError('expected a number from 0.1 to 64.')
  return value
}

const cells = (text: string): number => {
  const value = Number(text)
  if (!Number.isInteger(value) || value < 20 || value > 500)
    throw new InvalidArgumentError('expected a whole number from 20 to 500.')
  return value
}

/** `05:00`, `1:05:00`, or a duration as elsewhere. @returns milliseconds. */
const position = (text: string): number => {
  const [, hours = '0', minutes, seconds] = /^(?:(\d+):)?(\d{1,3}):(\d{2})$/.exec(text) ?? []
  const ms =
    minutes === undefined
      ? parseDuration(text)
      : (Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds)) * 1000
  if (ms === undefined) throw new InvalidArgumentError('expected a time such as 05:00 or 90s.')
  return ms
}

const count = (text: string): number => {
  const value = Number(text)
  if (!Number.isInteger(value) || value < 1 || value > 1_000_000)
    throw new InvalidArgumentError('expected a whole number from 1 to 1000000.')
  return value
}

const folder = (text: string): string => {
  if (text.trim() === '') throw new InvalidArgumentError('expected a folder.')
  return text
}

/** The package's lessons, likewise. */
const lessonsDir = () => fileURLToPath(new URL('../lessons/', import.meta.url))

/** The package's notebooks: beside `src` in a checkout, beside `dist` in a package. */
const notebooksDir = () => fileURLToPath(new URL('../notebooks/', import.meta.url))

/** Ctrl-C and friends end a command in order, as does a reader who has had enough; a second signal ends it at once. */
function interruption(): AbortSignal {
  const controller = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
    process.on(signal, () => {
      if (controller.signal.aborted) process.exit(130)
      controller.abort(new Error(`interrupted by ${signal}`))
    })
  return AbortSignal.any([controller.signal, output.lost])
}

/** A switch that is on unless it is taken away is not given because it is on. */
const given = (flags: Flags): Flags =>
  Object.fromEntries(
    Object.entries(flags).filter(
      ([name, value]) =>
        !(value === true && settings.some(({ flag, fallback }) => flag === name && fallback === true)),
    ),
  )

/** `--help-all`: the help with every setting, where `--help` has those that the command is mostly given. */
const HELP_ALL = process.argv.includes('--help-all')

/** Settings in the help of a command; the others stand in `--help-all`. */
const COMMON = ['target', 'dataDir']
const USES: Readonly<Record<string, readonly string[]>> = {
  '': [
    ...COMMON,
    'stations',
    'interval',
    'dirty',
    'ephemeral',
    'engine',
    'theme',
    'presenter',
    'mouse',
    'readOnly',
    'ascii',
  ],
  run: [...COMMON, 'stations', 'interval', 'seed', 'dirty', 'ephemeral', 'engine'],
}
const isShown = (command: string, key: string): boolean =>
  HELP_ALL || command === 'config' || (USES[command] ?? COMMON).includes(key)

function option(setting: Setting): Option {
  const group = setting.path.length > 1 ? 'Azure resources (azd up fills these in):' : 'Settings:'
  const { description, expected, fallback } = setting
  const facts = [
    ...(expected.startsWith('one of: ') ? [expected] : []),
    // A switch is off unless it is given; an empty list says nothing.
    ...(fallback === false || setting.flags.startsWith('--no-') || `${fallback ?? ''}` === ''
      ? []
      : [`default: ${fallback}`]),
  ]
  const text = facts.length === 0 ? description : `${description} (${facts.join('; ')})`
  return new Option(setting.flags, text).helpGroup(group)
}

function program(finish: (code: number) => void): Command {
  const root = new Command('rtstream-tui')
    .description(
      'A control room in the terminal for a real-time medallion pipeline on Azure. Offline by default.',
    )
    .version(__VERSION__, '-V, --version')
    .helpCommand(true)
    .configureOutput({ writeOut: write, writeErr: writeError, outputError: () => {} })
    .exitOverride()

  const command = (name: string, description: string, action: Action, defaults: Defaults = {}) => {
    const made = name === '' ? root : root.command(name).description(description).exitOverride()
    made.option('--config <file>', 'configuration file (default: rtstream.config.json)')
    for (const setting of settings) made.addOption(option(setting).hideHelp(!isShown(name, setting.key)))
    if (!HELP_ALL && name !== 'config') made.addHelpText('after', '\nEvery other setting: --help-all')
    made.allowExcessArguments(false)
    return made.action(async () => {
      const flags = given(made.optsWithGlobals() as Flags)
      finish(await action(loadConfig({ flags, ...defaults }), flags, made.args))
    })
  }

  /** `--record` and `--report`, for the commands that have a session. */
  const withFiles = (made: Command): Command =>
    made
      .addOption(new Option('--record <file>', 'record what the screen shows, for replay').argParser(file))
      .addOption(
        new Option('--report <file>', 'write a report at the end: .html, .md or .json').argParser(file),
      )
  const filesOf = ({ record, report }: Flags) => ({
    record: record as string | undefined,
    report: report as string | undefined,
  })

  withFiles(
    command('', '', async ({ config, sources }, flags) =>
      (await import('./commands/monitor.ts')).runMonitor({
        config,
        given: new Set([...sources].flatMap(([key, { kind }]) => (kind === 'default' ? [] : [key]))),
        lessonsDir: lessonsDir(),
        ...filesOf(flags),
        write,
        writeError,
      }),
    ),
  )
  withFiles(
    command(
      'run',
      'run the whole pipeline without a screen and print the ledger',
      async ({ config }, flags) =>
        (await import('./commands/run.ts')).runHeadless({
          config,
          ...filesOf(flags),
          durationMs: flags.duration as number,
          faults: (flags.fault as readonly PlannedFault[] | undefined) ?? [],
          json: flags.json === true,
          write,
          writeError,
          signal: interruption(),
        }),
    ),
  )
    .addOption(
      new Option('--duration <time>', 'how long the generator runs')
        .argParser(duration)
        .default(30_000, '30s'),
    )
    .addOption(
      new Option(
        '--fault <name@start:time>',
        'break something on purpose, such as hub-away@10s:5s; repeatable',
      ).argParser(fault),
    )
    .option('--json', 'one JSON object per line')
  command(
    'serve',
    'run the local services alone, for programs and their tests',
    async ({ config }, flags) => {
      const { runServe, stagesToStart } = await import('./commands/serve.ts')
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
      (await import('./commands/endpoints.ts')).runEndpoints({
        dataDir: config.dataDir,
        json: flags.json === true,
        write,
      }),
  ).option('--json', 'one JSON object')
  command(
    'config',
    'print the effective settings and where each comes from; init: write a file with those that are given',
    async (loaded, flags, [action]) => {
      const { initConfig, runConfig } = await import('./commands/config.ts')
      if (action === 'init') return initConfig(loaded, { folder: process.cwd(), write })
      return runConfig(loaded, { json: flags.json === true, write })
    },
  )
    .addArgument(new Argument('[action]', 'init').choices(['init']))
    .option('--json', 'one JSON object')
  command('status', 'print one snapshot of all stages and layers', async ({ config }, flags) => {
    const { attachTarget } = await import('./commands/shared/attach.ts')
    const { runStatus } = await import('./commands/status.ts')
    const target = await attachTarget(config)
    return runStatus({ target, json: flags.json === true, write, now: Date.now, signal: interruption() })
  }).option('--json', 'one JSON object')
  command('trace', 'follow one event through every layer', async ({ config }, flags, [id]) => {
    const { runTrace, traceQuery } = await import('./commands/trace.ts')
    const query = traceQuery({ id, newest: flags.newest === true, city: flags.city as string | undefined })
    const { attachTarget } = await import('./commands/shared/attach.ts')
    const { tracer } = await attachTarget(config)
    const waitMs = (flags.wait as number | undefined) ?? 0
    const signal = interruption()
    return runTrace({ tracer, query, waitMs, json: flags.json === true, write, now: Date.now, signal })
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
  command(
    'replay',
    'show a recorded session on the same screen, without any service',
    async ({ config }, flags, [name = '']) => {
      const { runReplay } = await import('./commands/replay.ts')
      const cast =
        flags.cast === undefined
          ? undefined
          : { file: flags.cast as string, columns: flags.columns as number, rows: flags.rows as number }
      const { speed, from } = flags as { speed: number; from: number }
      return runReplay({ config, file: name, speed, from, cast, write })
    },
  )
    .argument('<file>', 'a file that was written with --record')
    .addOption(new Option('--speed <factor>', 'how many times as fast').argParser(factor).default(1))
    .addOption(
      new Option('--from <time>', 'where to begin, such as 05:00').argParser(position).default(0, '00:00'),
    )
    .addOption(new Option('--cast <file>', 'write an asciinema cast in place of showing it').argParser(file))
    .addOption(new Option('--columns <count>', 'width of the cast').argParser(cells).default(120))
    .addOption(new Option('--rows <count>', 'height of the cast').argParser(cells).default(40))
  withFiles(
    command('lesson', 'play a lesson on the screen', async ({ config }, flags, [name]) => {
      if (flags.list === true || name === undefined) {
        const { lessonList } = await import('./commands/shared/lessons.ts')
        write(lessonList(lessonsDir()))
        return 0
      }
      const { runMonitor } = await import('./commands/monitor.ts')
      return runMonitor({
        config,
        lessonsDir: lessonsDir(),
        lesson: name,
        ...filesOf(flags),
        write,
        writeError,
      })
    }),
  )
    .argument('[name]', 'name of a lesson, or a file of your own; without one: the list')
    .option('--list', 'print the lessons that there are')
  command('report', 'write the report of a recorded session', async (_loaded, flags, [name = '']) => {
    const { runReport } = await import('./commands/report.ts')
    return runReport({
      file: name,
      format: flags.format as 'html' | 'md' | 'json' | undefined,
      out: flags.out as string | undefined,
      write,
    })
  })
    .argument('<file>', 'a file that was written with --record')
    .addOption(new Option('--format <form>', 'form of the report').choices(['html', 'md', 'json']))
    .addOption(new Option('--out <file>', 'where to write it; standard output otherwise').argParser(file))
  command('sql', 'ask the layers in SQL; without a query: examples', async ({ config }, flags, [sql]) => {
    const { runSql } = await import('./commands/sql.ts')
    const { attachTarget } = await import('./commands/shared/attach.ts')
    const target = sql === undefined ? undefined : await attachTarget(config)
    return runSql({
      query: target?.query,
      target: config.target,
      sql,
      format: flags.json ? 'json' : flags.csv ? 'csv' : 'table',
      maxRows: flags.maxRows as number,
      yes: flags.yes === true,
      write,
      writeError,
      signal: interruption(),
    })
  })
    .argument('[query]', 'one SELECT over bronze, silver, quarantine, gold, by_minute, aggregated')
    .option('--json', 'one JSON object per row')
    .option('--csv', 'comma-separated values')
    .option('--yes', 'fetch also more than 100 MB from Azure')
    .addOption(new Option('--max-rows <count>', 'rows at most').argParser(count).default(10_000))
  command('export', 'write a table to a file', async ({ config }, flags, [table]) => {
    const { runExport } = await import('./commands/sql.ts')
    const { attachTarget } = await import('./commands/shared/attach.ts')
    const { query } = await attachTarget(config)
    return runExport({
      query,
      target: config.target,
      table: table ?? '',
      format: flags.format as 'csv' | 'parquet',
      out: flags.out as string | undefined,
      yes: flags.yes === true,
      write,
      writeError,
      signal: interruption(),
    })
  })
    .argument('<table>', 'bronze, silver, quarantine, gold, by_minute or aggregated')
    .addOption(new Option('--format <name>', 'of the file').choices(['csv', 'parquet']).default('csv'))
    .option('--out <file>', 'where to (default: the name of the table)')
    .option('--yes', 'fetch also more than 100 MB from Azure')
  command(
    'stop',
    'stop the job, the runs and the pipeline, and wait until they have ended',
    async ({ config }, flags) => {
      const { attachTarget } = await import('./commands/shared/attach.ts')
      const { runStop } = await import('./commands/stop.ts')
      const { stages } = await attachTarget(config)
      return runStop({ stages, json: flags.json === true, write, signal: interruption() })
    },
  ).option('--json', 'one JSON object')
  command(
    'doctor',
    'check the setup and show how to fix problems',
    async ({ config }, flags) => {
      const { doctorChecks, terminalFacts } = await import('./doctor/checks.ts')
      const { runDoctor } = await import('./doctor/doctor.ts')
      const terminal = terminalFacts(process.stdout, process.env)
      const checks = await doctorChecks({ config, terminal, nodeVersion: process.version })
      return runDoctor({
        target: config.target,
        checks,
        json: flags.json === true,
        ascii: config.ascii,
        write,
        signal: interruption(),
      })
    },
    { defaultTarget: 'azure-if-configured' },
  ).option('--json', 'one JSON object')
  command(
    'prepare',
    'before azd provision: stop the job, register providers, check quota and names',
    async ({ config }) => {
      const { prepareSettings, runPrepare } = await import('./setup/prepare.ts')
      const { azureManagement } = await import('./setup/steps.ts')
      return runPrepare({
        settings: prepareSettings(process.env, config.azure.databricksNodeType),
        management: await azureManagement(config.azure, process.env.AZURE_TENANT_ID),
        write,
        now: Date.now,
        signal: interruption(),
      })
    },
    { defaultTarget: 'local' },
  )
  command(
    'setup',
    'make on Azure what the template cannot: notebooks, jobs, pipeline',
    async ({ config }, flags) => {
      const { azureSetupSteps } = await import('./setup/steps.ts')
      const { runSetup } = await import('./setup/setup.ts')
      const steps = await azureSetupSteps({ azure: config.azure, notebooksDir: notebooksDir() })
      return runSetup({
        steps,
        dryRun: flags.dryRun === true,
        json: flags.json === true,
        write,
        signal: interruption(),
      })
    },
    { defaultTarget: 'azure' },
  )
    .option('--dry-run', 'only say what would be done')
    .option('--json', 'one JSON object')
  root
    .command('completion')
    .description('print a script that completes commands and options: bash, zsh, fish, powershell')
    .argument('<shell>', 'bash, zsh, fish or powershell')
    .allowExcessArguments(false)
    .exitOverride()
    .action(async (shell: string) => {
      const { completionScript } = await import('./commands/completion.ts')
      write(completionScript(shell, root))
      finish(0)
    })
  root
    .command('notebooks')
    .description('the Spark notebooks that come with the product')
    .exitOverride()
    .command('export')
    .description('write the notebooks as files to import by hand into Databricks, Synapse or Jupyter')
    .requiredOption('--ipynb <folder>', 'where to write silver.ipynb, gold.ipynb and aggregate.ipynb', folder)
    .allowExcessArguments(false)
    .exitOverride()
    .action(async ({ ipynb }: { ipynb: string }) => {
      const { exportNotebooks } = await import('./commands/notebooks.ts')
      for (const path of exportNotebooks(ipynb, notebooksDir())) write(`${path}\n`)
      finish(0)
    })
  return root
}

/** One line for wrong usage; one or two for anything else that a person can mend. */
function report(error: unknown, root: Command): number {
  if (error instanceof CommanderError) {
    if (error.exitCode === 0) return 0
    // Help that was shown in place of a command speaks for itself.
    if (error.code !== 'commander.help') writeError(`${describeUsage(error, root)}\n`)
    return 2
  }
  writeError(`${describeError(error)}\n`)
  const code = (error as { exitCode?: unknown }).exitCode
  if (error instanceof ConfigError) return error.exitCode
  return typeof code === 'number' ? code : 1
}

/** Output may still be on its way into a pipe: the process ends when it has arrived, or cannot. */
async function main(): Promise<void> {
  let code = 0
  const root = program((result) => {
    code = result
  })
  try {
    await root.parseAsync(process.argv.map((one) => (one === '--help-all' ? '--help' : one)))
  } catch (error) {
    code = report(error, root)
  }
  const refusal = await output.flush()
  if (refusal) {
    code = report(refusal, root)
    await output.flush()
  }
  process.exit(code)
}

/** A defect ends the program with its sentence. The screen has its own way, since the terminal must be given back first. */
function onDefect(error: unknown): void {
  if (process.listenerCount('uncaughtException') > 1) return
  writeError(`rtstream-tui ended unexpectedly: ${describeError(error)}\n`)
  void output.flush().finally(() => process.exit(1))
}

process.on('uncaughtException', onDefect)
keepHeapSmall()
await main()
