/** Commands, flags and settings that the guides name, asked of the program itself. */
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { describe, expect, it } from 'vitest'
import { settings } from '../../src/config/settings.ts'
import { cli } from '../support/cli.ts'

const GUIDES = ['docs/workshop.md', 'docs/azure.md', 'docs/clients.md']
const read = (path: string) => readFileSync(resolve(import.meta.dirname, '../..', path), 'utf8')

interface Named {
  command: string
  flags: string[]
}

/** What stands in code type or in a block for a shell, without its comments. */
function commandsIn(text: string): Named[] {
  const blocks = [...text.matchAll(/```sh\n([\s\S]*?)```/g)].flatMap((match) =>
    (match[1] as string).split('\n'),
  )
  const inline = [...text.replace(/```[\s\S]*?```/g, '').matchAll(/`([^`]+)`/g)].map(
    (match) => match[1] as string,
  )
  return [...blocks, ...inline]
    .map((line) => line.replace(/#.*/, '').replace(/\s+/g, ' ').trim().replace(/^npx /, ''))
    .filter((line) => /^rtstream-tui( |$)|^--[a-z]/.test(line))
    .map((line) => {
      const [before = '', ...flags] = line.replace(/^rtstream-tui ?/, '').split(/(?:^| )(?=--)/)
      return {
        command: before.startsWith('--') ? '' : before,
        flags: [before, ...flags]
          .filter((one) => one.startsWith('--'))
          .map((one) => one.split(' ')[0] as string),
      }
    })
}

const helps = new Map<string, Promise<string>>()
const help = (command: string) => {
  const asked =
    helps.get(command) ??
    cli([...command.split(' ').filter(Boolean), '--help-all']).then(({ code, lines }) =>
      code === 0 ? lines.join('\n') : `exit code ${code}`,
    )
  helps.set(command, asked)
  return asked
}

describe.each(GUIDES)('%s', (path) => {
  const named = commandsIn(read(path))

  it('names commands', () => {
    expect(named).not.toEqual([])
  })

  it.each(named)('rtstream-tui $command $flags is there', async ({ command, flags }) => {
    const text = await help(command)
    const usage = /^Usage: rtstream-tui(.*)/.exec(text)?.[1] ?? text
    // The program's words come first, what they are given behind them: `[name]` of its usage stands for it.
    const words = command.split(' ').filter(Boolean)
    const own = usage.split(' ').filter((word) => /^[a-z]/.test(word))
    const operands = usage.split(' ').filter((word) => /^[[<]/.test(word) && !/options|command/.test(word))
    expect(words.slice(0, own.length)).toEqual(own)
    expect(words.length - own.length, usage).toBeLessThanOrEqual(operands.length)
    for (const flag of flags) expect(text).toMatch(new RegExp(`${flag}\\b`))
  })

  it('names settings that there are', () => {
    const text = read(path)
    const variables = settings.flatMap(({ environment }) => environment)
    for (const [name] of text.matchAll(/RTSTREAM_[A-Z_]+/g)) expect(variables).toContain(name)
  })
})
