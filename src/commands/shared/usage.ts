/** Wrong usage in one line: what it was, what was probably meant, and where to look. */
import type { Command, CommanderError } from 'commander'
import { nearest } from '../../config/suggest.ts'

/** @param root the program whose parsing has failed. */
export function describeUsage({ message }: CommanderError, root: Command): string {
  return `${problemOf(message, root)} (${helpFor(root)} lists what there is)`
}

/** A command's own help, where that command was called: the options of others are no use. */
function helpFor(root: Command): string {
  const [word] = root.args
  const isCommand = word !== undefined && namesIn(root).includes(word)
  return isCommand ? `${root.name()} ${word} --help` : `${root.name()} --help`
}

/** `help stauts` shows the help of everything, as if that had been asked for. @returns what is wrong; undefined: nothing. */
export function unknownTopic(words: readonly string[], root: Command): string | undefined {
  const [asked, topic] = words
  if (asked !== 'help' || topic === undefined || topic.startsWith('-')) return undefined
  const isThere = topic === 'help' || root.commands.some((command) => command.name() === topic)
  return isThere ? undefined : `${unknownCommand(topic, root)} (${root.name()} --help lists what there is)`
}

function unknownCommand(word: string, root: Command): string {
  const meant = nearest(word, namesIn(root))
  return `unknown command '${word}'${meant === undefined ? '' : `; did you mean ${meant}?`}`
}

const namesIn = (root: Command): string[] =>
  root
    .createHelp()
    .visibleCommands(root)
    .map((command) => command.name())

function problemOf(message: string, root: Command): string {
  const [word] = root.args
  // The library takes an unknown command for an argument too many, or stumbles over its options first.
  if (word !== undefined && !word.startsWith('-') && !namesIn(root).includes(word))
    return unknownCommand(word, root)
  return message
    .replace(/^error: /, '')
    .replace(/\.$/, '')
    .replace(' is invalid. ', ' is invalid; ')
    .replace(/\s*\n\(Did you mean (.*)\)/, '; did you mean $1')
}
