/** Commands that have a session: the screen, run, replay, lessons and their report. */
import { type Command, Option } from 'commander'
import type { ReplayOptions } from '../commands/replay.ts'
import type { PlannedFault } from '../commands/shared/fault-plan.ts'
import type { LoadedConfig } from '../config/load.ts'
import { cells, duration, factor, fault, file, position } from './arguments.ts'
import type { CommandLine, Flags } from './command-line.ts'

type CastVersion = NonNullable<ReplayOptions['cast']>['version']
const CAST_VERSIONS = ['2', '3'] as const satisfies readonly `${CastVersion}`[]

/** `--record`, `--report` and `--overwrite`, for the commands that have a session. */
const withFiles = (made: Command): Command =>
  made
    .addOption(new Option('--record <file>', 'record what the screen shows, for replay').argParser(file))
    .addOption(
      new Option('--report <file>', 'write a report at the end: .html, .md or .json').argParser(file),
    )
    .option('--overwrite', 'let the recording take the place of a file that is there')
const filesOf = ({ record, report, overwrite }: Flags) => ({
  record: record as string | undefined,
  report: report as string | undefined,
  overwrite: overwrite === true,
})

/** Keys of the settings that a person gave, wherever. */
const givenIn = (sources: LoadedConfig['sources']): ReadonlySet<string> =>
  new Set([...sources].flatMap(([key, { kind }]) => (kind === 'default' ? [] : [key])))

/** In the order of the help. */
export function sessionCommands(line: CommandLine): void {
  screenCommand(line)
  runCommand(line)
  replayCommand(line)
  lessonCommand(line)
  reportCommand(line)
}

function screenCommand({ command, lessonsDir, notebooksDir, write, writeError }: CommandLine): void {
  withFiles(
    command('', '', async ({ config, sources }, flags) =>
      (await import('../commands/monitor.ts')).runMonitor({
        config,
        given: givenIn(sources),
        lessonsDir,
        notebooksDir,
        ...filesOf(flags),
        write,
        writeError,
      }),
    ),
  )
}

function runCommand({ command, write, writeError, interruption }: CommandLine): void {
  withFiles(
    command(
      'run',
      'run the whole pipeline without a screen and print the ledger',
      async ({ config }, flags) =>
        (await import('../commands/run.ts')).runHeadless({
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
}

function replayCommand({ command, write }: CommandLine): void {
  command(
    'replay',
    'show a recorded session on the same screen, without any service',
    async ({ config }, flags, [name = '']) => {
      const { runReplay } = await import('../commands/replay.ts')
      const cast =
        flags.cast === undefined
          ? undefined
          : {
              file: flags.cast as string,
              version: Number(flags.castVersion) as CastVersion,
              columns: flags.columns as number,
              rows: flags.rows as number,
            }
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
    .addOption(
      new Option('--cast-version <version>', 'asciicast 2, or 3 of asciinema 3')
        .choices(CAST_VERSIONS)
        .default('2'),
    )
    .addOption(new Option('--columns <count>', 'width of the cast').argParser(cells).default(120))
    .addOption(new Option('--rows <count>', 'height of the cast').argParser(cells).default(40))
}

function lessonCommand({ command, lessonsDir, notebooksDir, write, writeError }: CommandLine): void {
  withFiles(
    command('lesson', 'play a lesson on the screen', async ({ config, sources }, flags, [name]) => {
      if (flags.list === true || name === undefined) {
        const { lessonList } = await import('../commands/shared/lessons.ts')
        write(lessonList(lessonsDir))
        return 0
      }
      const { runMonitor } = await import('../commands/monitor.ts')
      return runMonitor({
        config,
        given: givenIn(sources),
        lessonsDir,
        notebooksDir,
        lesson: name,
        ...filesOf(flags),
        write,
        writeError,
      })
    }),
  )
    .argument('[name]', 'name of a lesson, or a file of your own; without one: the list')
    .option('--list', 'print the lessons that there are')
}

function reportCommand({ command, write, writeError, interruption }: CommandLine): void {
  command(
    'report',
    'write the report of a recorded session, or of what lies in the data folder',
    async ({ config }, flags, [name]) => {
      const { runReport } = await import('../commands/report.ts')
      return runReport({
        config,
        file: name,
        format: flags.format as 'html' | 'md' | 'json' | undefined,
        out: flags.out as string | undefined,
        write,
        writeError,
        isWatched: process.stderr.isTTY === true,
        signal: interruption(),
      })
    },
  )
    .argument('[file]', 'a file that was written with --record; without one: the data folder')
    .addOption(new Option('--format <form>', 'form of the report').choices(['html', 'md', 'json']))
    .addOption(new Option('--out <file>', 'where to write it; standard output otherwise').argParser(file))
}
