/** The command line: reads arguments, loads the configuration, and hands over to a command, which is imported only then. */
import { fileURLToPath } from 'node:url'
import { type Command, CommanderError } from 'commander'
import { program } from './cli/program.ts'
import { keepHeapSmall } from './commands/shared/memory.ts'
import { limitsFor, openOutput } from './commands/shared/output.ts'
import { describeUsage, unknownTopic } from './commands/shared/usage.ts'
import { describeError, UserError } from './commands/shared/user-error.ts'
import { writeWithoutWaiting } from './commands/terminal/own-descriptor.ts'
import { ConfigError } from './config/error.ts'

for (const stream of [process.stdout, process.stderr]) writeWithoutWaiting(stream)
const output = openOutput(process.stdout, process.stderr, limitsFor(process.stdout))
const { write, writeError, drained } = output

/** A folder of the package: beside `src` in a checkout, beside `dist` once it is built. */
const packageFolder = (name: string) => fileURLToPath(new URL(`../${name}/`, import.meta.url))

/** Signals end a command in order, as does a closed output pipe; a second signal ends it at once. */
function interruption(): AbortSignal {
  const controller = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
    process.on(signal, () => {
      if (controller.signal.aborted) process.exit(130)
      controller.abort(new Error(`interrupted by ${signal}`))
    })
  return AbortSignal.any([controller.signal, output.lost])
}

/** One line for wrong usage; one or two for any other error that a person can fix. */
function report(error: unknown, root: Command): number {
  if (error instanceof CommanderError) {
    const isHelp = error.code === 'commander.help'
    if (error.exitCode === 0 || (isHelp && process.argv.includes('help'))) return 0
    // Help that was shown in place of a command speaks for itself.
    if (!isHelp) writeError(`${describeUsage(error, root)}\n`)
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
  const root = program({
    write,
    writeError,
    drained,
    interruption,
    lessonsDir: packageFolder('lessons'),
    notebooksDir: packageFolder('notebooks'),
    finish: (result) => {
      code = result
    },
  })
  const unknown = unknownTopic(process.argv.slice(2), root)
  try {
    if (unknown !== undefined) throw new UserError(unknown, undefined, { exitCode: 2 })
    await root.parseAsync(process.argv.map((one) => (one === '--help-all' ? '--help' : one)))
  } catch (error) {
    // A reader who had enough is told nothing; what else became of the output is told below.
    if (error !== output.lost.reason) code = report(error, root)
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
void keepHeapSmall()
await main()
