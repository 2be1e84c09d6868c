/** Completion in the shells themselves: tab after a few letters, in a real terminal. A shell that is not here is named as not tried. */
import { execFileSync } from 'node:child_process'
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { Language, type Node, Parser } from 'web-tree-sitter'
import { BIN, temporaryFolder } from '../support/cli.ts'
import { openTerminal } from '../support/terminal.ts'

const folder = temporaryFolder()
afterAll(() => folder.remove())
const WAIT = 30_000

const script = (shell: string) =>
  execFileSync(process.execPath, [BIN, 'completion', shell], { encoding: 'utf8' })
const isThere = (shell: string) => {
  try {
    execFileSync(shell, ['-c', 'exit'], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

// The program is on the path, as after an installation; completing must not run it.
const bin = join(folder.path, 'bin')
beforeAll(() => {
  mkdirSync(bin, { recursive: true })
  writeFileSync(join(bin, 'rtstream-tui'), '#!/bin/sh\necho it was run\n')
  chmodSync(join(bin, 'rtstream-tui'), 0o755)
})

/** How each begins without a person's own settings, and takes the script. */
const SHELLS: Readonly<Record<string, { args: readonly string[]; load: (file: string) => string }>> = {
  bash: { args: ['--norc', '--noprofile', '-i'], load: (file) => `source ${file}` },
  zsh: { args: ['-f', '-i'], load: (file) => `autoload -Uz compinit; compinit -D; source ${file}` },
  fish: { args: ['--no-config', '-i'], load: (file) => `source ${file}` },
}

for (const [shell, { args, load }] of Object.entries(SHELLS))
  it.skipIf(!isThere(shell))(
    `${shell} completes commands and their options`,
    { timeout: 180_000 },
    async () => {
      const file = join(folder.path, `completion.${shell}`)
      writeFileSync(file, script(shell))
      const terminal = openTerminal({
        command: shell,
        args,
        columns: 100,
        rows: 30,
        cwd: folder.path,
        env: {
          PATH: `${bin}:${process.env.PATH}`,
          HOME: folder.path,
          XDG_CONFIG_HOME: folder.path,
          XDG_DATA_HOME: folder.path,
          PS1: '> ',
          ENV: undefined,
        },
      })
      try {
        await terminal.waitFor(/[>#$%] *$/m, WAIT)
        terminal.press(`${load(file)}; echo rea''dy\r`)
        await terminal.waitFor(/^ready/m, WAIT)
        // One command begins so, and one option of it.
        terminal.press('rtstream-tui doc')
        await terminal.waitFor('rtstream-tui doc', WAIT)
        terminal.press('tab')
        await terminal.waitFor('rtstream-tui doctor ', WAIT)
        terminal.press('\x15')
        await terminal.waitFor((screen) => !screen.some((row) => /rtstream-tui doctor *$/.test(row)), WAIT)
        terminal.press('rtstream-tui run --dura')
        await terminal.waitFor('run --dura', WAIT)
        terminal.press('tab')
        await terminal.waitFor('rtstream-tui run --duration', WAIT)
        expect(terminal.text()).not.toContain('it was run')
      } finally {
        await terminal.close()
      }
    },
  )

for (const shell of Object.keys(SHELLS))
  if (!isThere(shell)) console.warn(`completion: ${shell} is not installed here, so it was not tried.`)

const powershell = ['pwsh', 'powershell'].find(isThere)

it.skipIf(powershell === undefined)('PowerShell completes commands and their options', () => {
  const file = join(folder.path, 'completion.ps1')
  writeFileSync(file, script('powershell'))
  const completed = (line: string) =>
    execFileSync(
      powershell as string,
      [
        '-NoProfile',
        '-NonInteractive',
        '-Command',
        `. '${file}'; (TabExpansion2 '${line}' ${line.length}).CompletionMatches.CompletionText`,
      ],
      { encoding: 'utf8', env: { ...process.env, PATH: `${bin}:${process.env.PATH}` } },
    ).trim()
  expect(completed('rtstream-tui doc')).toBe('doctor')
  expect(completed('rtstream-tui run --dura')).toBe('--duration')
})

if (powershell === undefined)
  console.warn(
    'completion: PowerShell is not installed here, and no registry that the project uses has it: its script was parsed, not run.',
  )

it('the script for PowerShell parses, registers one completer, and knows the words that bash completes', async () => {
  const text = script('powershell')
  const grammar = createRequire(import.meta.url).resolve('tree-sitter-powershell/tree-sitter-powershell.wasm')
  await Parser.init()
  const parser = new Parser()
  parser.setLanguage(await Language.load(grammar))
  const root = parser.parse(text)?.rootNode
  if (!root) throw new Error('the script could not be parsed')
  expect(root.hasError).toBe(false)
  const textsOf = (node: Node, type: string) => node.descendantsOfType(type).map((one) => one?.text ?? '')
  const [completer, ...others] = root
    .descendantsOfType('command')
    .filter((one) => one?.text.startsWith('Register-'))
  expect(others).toEqual([])
  expect(completer?.text).toMatch(
    /^Register-ArgumentCompleter -Native -CommandName rtstream-tui -ScriptBlock \{/,
  )
  // `'run' { '--config', … }`, as bash has `run) words="--config …"`.
  const clauses = root.descendantsOfType('switch_clause').flatMap((one) => {
    const [condition, block] = one?.namedChildren ?? []
    if (!condition || !block) return []
    const words = textsOf(block, 'string_literal').map((word) => word.slice(1, -1))
    return [[condition.text.replaceAll("'", ''), words.join(' ')] as const]
  })
  const inBash = [...script('bash').matchAll(/^ {4}(\S+)\) words="(.*)" ;;$/gm)].map(
    ([, name = '', words = '']) => [name === '*' ? 'default' : name, words] as const,
  )
  expect(Object.fromEntries(clauses)).toEqual(Object.fromEntries(inBash))
  expect(clauses.length).toBe(inBash.length)
})
