import { Argument, Command } from 'commander'
import { expect, it } from 'vitest'
import { completionScript } from '../../src/commands/completion.ts'

/** Lines that say what may stand behind a command. */
function behind(shell: string, command: string): string {
  const root = new Command('it')
  root.command('notebooks').command('export').option('--ipynb <folder>')
  root
    .command('config')
    .addArgument(new Argument('[action]').choices(['init']))
    .option('--json')
  return completionScript(shell, root)
    .split('\n')
    .filter((line) => line.includes(command))
    .join('\n')
}

it.each([
  ['bash', 'notebooks) words="export --ipynb --help"', 'config) words="init --json --help"'],
  ['zsh', 'notebooks) compadd -- export --ipynb --help', 'config) compadd -- init --json --help'],
  ['powershell', "'notebooks' { 'export', '--ipynb', '--help' }", "'config' { 'init', '--json', '--help' }"],
])('%s completes commands of a command, its words and their options', (shell, notebooks, config) => {
  expect(behind(shell, 'notebooks')).toContain(notebooks)
  expect(behind(shell, 'config')).toContain(config)
})

it('fish too: words are none of its options', () => {
  const lines = behind('fish', '__fish_seen_subcommand_from notebooks')
  expect(lines).toContain("from notebooks' -f -a export")
  expect(lines).toContain("from notebooks' -l ipynb")
})
