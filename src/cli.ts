/** The command line: reads arguments, loads the configuration, and hands over to a command, which is imported only then. */
import { Command, CommanderError, InvalidArgumentError, Option } from 'commander'
import { describeError } from './commands/user-error.ts'
import { ConfigError } from './config/error.ts'
import type { LoadedConfig, LoadOptions } from './config/load.ts'
import { loadConfig } from './config/load.ts'
import { type Setting, settings } from './config/settings.ts'
import { parseDuration } from './config/units.ts'

declare const __VERSION__: string

const write = (text: string) => void process.stdout.write(text)
const writeError = (text: string) => void process.stderr.write(text)

type Flags = Record<string, unknown>
type Defaults = Pick<LoadOptions, 'defaultTarget'>

/** What a command does: resolves with the exit code. */
type Action = (loaded: LoadedConfig, flags: Flags) => Promise<number>

const duration = (text: string): number => {
  const ms = parseDuration(text)
  if (ms === undefined || ms <= 0)
    throw new InvalidArgumentError('expected a duration, such as 30s, 5m or 1h.')
  return ms
}

/** Ctrl-C and friends end a command in order; a second one ends it at once. */
function interruption(): AbortSignal {
  const controller = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
    process.on(signal, () => {
      if (controller.signal.aborted) process.exit(130)
      controller.abort(new Error(`interrupted by ${signal}`))
    })
  return controller.signal
}

function option(setting: Setting): Option {
  const group = setting.path.length > 1 ? 'Azure resources (azd up fills these in):' : 'Settings:'
  return new Option(setting.flags, setting.description).helpGroup(group)
}

function program(finish: (code: number) => void): Command {
  const root = new Command('rtstream-tui')
    .description(
      'A control room in the terminal for a real-time medallion pipeline on Azure. Offline by default.',
    )
    .version(__VERSION__, '-V, --version')
    .showHelpAfterError('(rtstream-tui --help lists what there is)')
    .exitOverride()

  const command = (name: string, description: string, action: Action, defaults: Defaults = {}) => {
    const made = name === '' ? root : root.command(name).description(description).exitOverride()
    made.option('--config <file>', 'configuration file (default: rtstream.config.json)')
    for (const setting of settings) made.addOption(option(setting))
    made.allowExcessArguments(false)
    return made.action(async () => {
      const flags = made.optsWithGlobals() as Flags
      finish(await action(loadConfig({ flags, ...defaults }), flags))
    })
  }

  command('', '', async ({ config }) =>
    (await import('./commands/monitor.ts')).runMonitor({ config, write, writeError }),
  )
  command('run', 'run the whole pipeline without a screen and print the books', async ({ config }, flags) =>
    (await import('./commands/run.ts')).runHeadless({
      config,
      durationMs: flags.duration as number,
      json: flags.json === true,
      write,
      writeError,
      signal: interruption(),
    }),
  )
    .option('--duration <time>', 'how long the generator runs', duration, 30_000)
    .option('--json', 'one JSON object per line')
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
  command('config', 'print the effective settings and where each comes from', async (loaded, flags) =>
    (await import('./commands/config.ts')).runConfig(loaded, { json: flags.json === true, write }),
  ).option('--json', 'one JSON object')
  return root
}

/** One line for wrong usage; one or two for anything else that a person can mend. */
function report(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2
  writeError(`${describeError(error)}\n`)
  const code = (error as { exitCode?: unknown }).exitCode
  if (error instanceof ConfigError) return error.exitCode
  return typeof code === 'number' ? code : 1
}

/** The exit code is set and the process ends by itself where it can: output may still be on its way into a pipe. */
async function main(): Promise<void> {
  let code = 0
  try {
    await program((result) => {
      code = result
    }).parseAsync()
  } catch (error) {
    code = report(error)
  }
  process.exitCode = code
  await Promise.all(
    [process.stdout, process.stderr].map((stream) => new Promise((done) => stream.write('', done))),
  )
  process.exit(code)
}

await main()
