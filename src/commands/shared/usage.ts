/** Wrong usage in one line: what it was, what was probably meant, and where to look. */
import type { Command, CommanderError } from 'commander'
import { nearest } from '../../config/suggest.ts'

/** @param root the program whose parsing has failed. */
export function describeUsage({ message }: CommanderError, root: Command): string {
  return `${problemOf(message, root)} (${root.name()} --help lists what there is)`
}

function problemOf(message: string, root: Command): string {
  const [word] = root.args
  const names = root
    .createHelp()
    .visibleCommands(root)
    .map((command) => command.name())
  // The library takes an unknown command for an argument too many, or stumbles over its options first.
  if (word !== undefined && !word.startsWith('-') && !names.includes(word)) {
    const meant = nearest(word, names)
    return `unknown command '${word}'${meant === undefined ? '' : `; did you mean ${meant}?`}`
  }
  return message
    .replace(/^error: /, '')
    .replace(/\.$/, '')
    .replace(' is invalid. ', ' is invalid; ')
    .replace(/\s*\n\(Did you mean (.*)\)/, '; did you mean $1')
}
