/** The program's commands and options, as commander reads them. A command's code is imported when it is called. */
import { Command } from 'commander'
import { loadConfig } from '../config/load.ts'
import { settings } from '../config/settings.ts'
import type { CommandLine, Surroundings } from './command-line.ts'
import { dataCommands } from './data-commands.ts'
import { fileCommands } from './file-commands.ts'
import { serviceCommands } from './service-commands.ts'
import { sessionCommands } from './session-commands.ts'
import { given, HELP_ALL, isAskedFor, isShown, option } from './settings-options.ts'
import { setupCommands } from './setup-commands.ts'

declare const __VERSION__: string

/** Nothing of a command but its options is loaded before it is called. */
export function program(surroundings: Surroundings): Command {
  const { write, writeError, finish } = surroundings
  const root = new Command('rtstream-tui')
    .description(
      'A control room in the terminal for a real-time medallion pipeline on Azure. Offline by default.',
    )
    .version(__VERSION__, '-V, --version')
    .helpCommand(true)
    // The settings of Azure have long names: what they do is wrapped beside them all the same.
    .configureHelp({ minWidthToWrap: 20 })
    .configureOutput({ writeOut: write, writeErr: writeError, outputError: () => {} })
    .exitOverride()

  const command: CommandLine['command'] = (name, description, action, defaults = {}) => {
    const made = name === '' ? root : root.command(name).description(description).exitOverride()
    made.option('--config <file>', 'configuration file (default: rtstream.config.json)')
    if (isAskedFor(name))
      for (const setting of settings) made.addOption(option(setting).hideHelp(!isShown(name, setting.key)))
    if (!HELP_ALL && name !== 'config') made.addHelpText('after', '\nEvery other setting: --help-all')
    made.allowExcessArguments(false)
    return made.action(async () => {
      const flags = given(made.optsWithGlobals())
      finish(await action(loadConfig({ flags, ...defaults }), flags, made.args))
    })
  }

  const line: CommandLine = { ...surroundings, root, command }
  sessionCommands(line)
  serviceCommands(line)
  dataCommands(line)
  setupCommands(line)
  fileCommands(line)
  return root
}
