/** Wrong usage in one line: what it was, what was probably meant, and where to look. */
import type { Command, CommanderError } from 'commander'
import { nearest } from '../../config/suggest.ts'
import { countOf } from '../../pipeline/state/count-of.ts'

/** @param root the program whose parsing has failed. */
export function describeUsage({ message }: CommanderError, root: Command): string {
  return `${problemOf(message, root)} (${helpFor(root)} lists what there is)`
}

/** A command's own help, where that command was called: the options of others are no use. */
function helpFor(root: Command): string {
  const path = (at: Command): string[] => {
    const called = at.commands.find((one) => one.name() === at.args[0])
    return [at.name(), ...(called ? path(called) : [])]
  }
  return `${path(root).join(' ')} --help`
}

/** `help stauts` shows the help of everything, as if that had been asked for. @returns what is wrong; undefined: nothing. */
export function unknownTopic(words: readonly string[], root: Command): string | undefined {
  const [asked, topic] = words
  if (asked !== 'help' || topic === undefined || topic.startsWith('-')) return undefined
  const isThere = topic === 'help' || root.commands.some((command) => command.name() === topic)
  return isThere ? undefined : `${unknownCommand(topic, root)} (${root.name()} --help lists what there is)`
}

function unknownCommand(word: string, root: Command): string {
  return `unknown command '${word}'${meaning(word, namesIn(root))}`
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
  const command = root.commands.find((one) => one.name() === word)
  const text = message.replace(/^error: /, '').replace(/\.$/, '')
  return (
    wrongChoice(text) ??
    (command && wrongArguments(text, command)) ??
    text.replace(' is invalid. ', ' is invalid; ').replace(/\s*\n\(Did you mean (.*)\)/, '; did you mean $1')
  )
}

/** `option '--format <form>' argument 'pdf' is invalid. Allowed choices are html, md, json` */
function wrongChoice(text: string): string | undefined {
  const [, flag, value = '', choices] =
    /^option '(?:-\w, )?(--[\w-]+).*' argument '(.*)' is invalid\. Allowed choices are (.*)$/s.exec(text) ??
    []
  if (flag === undefined || choices === undefined) return undefined
  const all = choices.split(', ')
  return `${flag} takes ${either(all)}, not '${value}'${meaning(value, all)}`
}

/** Arguments that the library counts, or names as it stores them. */
function wrongArguments(text: string, command: Command): string | undefined {
  const name = command.name()
  const [, value, argument] =
    /^command-argument value '(.*)' is invalid for argument '(.*)'\./s.exec(text) ?? []
  const [, missing] = /^missing required argument '(.*)'$/.exec(text) ?? []
  const known = command.registeredArguments.find((one) => one.name() === (argument ?? missing))
  if (value !== undefined && known?.argChoices) {
    const all = known.required ? known.argChoices : [...known.argChoices, 'nothing']
    return `${name} takes ${either(all)}, not '${value}'${meaning(value, known.argChoices)}`
  }
  if (missing !== undefined && known) return `${name} needs <${missing}>: ${known.description}`
  const [, most, given] =
    /^too many arguments.* Expected (\d+) arguments? but got \d+: (.*)$/s.exec(text) ?? []
  if (most === undefined || given === undefined) return undefined
  const count = Number(most) === 0 ? 'none' : countOf(Number(most), 'argument')
  return `too many arguments: ${name} takes ${count}, and got ${given}`
}

const either = (all: readonly string[]): string =>
  all.length < 2 ? all.join('') : `${all.slice(0, -1).join(', ')} or ${all.at(-1)}`

const meaning = (word: string, candidates: readonly string[]): string => {
  const meant = nearest(word, candidates)
  return meant === undefined ? '' : `; did you mean ${meant}?`
}
