/** `rtstream-tui completion SHELL`: a script that completes commands and options, made from the command tree. */
import type { Command } from 'commander'
import { UserError } from './shared/user-error.ts'

const SHELLS = ['bash', 'zsh', 'fish', 'powershell'] as const

interface Words {
  /** Names of the commands, what each is for, and what may stand behind it: options, commands of its own, words it knows. */
  commands: readonly { name: string; does: string; options: readonly string[] }[]
  /** Options of the program itself. */
  options: readonly string[]
}

function wordsOf(root: Command): Words {
  const optionsOf = (command: Command) => command.options.flatMap(({ long }) => (long ? [long] : []))
  return {
    commands: root.commands.map((command) => ({
      name: command.name(),
      does: command.description().replaceAll(/['"`$\\]/g, ''),
      options: [
        ...command.commands.map((own) => own.name()),
        ...command.registeredArguments.flatMap(({ argChoices = [] }) => argChoices),
        ...[command, ...command.commands].flatMap(optionsOf),
        '--help',
      ],
    })),
    options: [...optionsOf(root), '--help', '--version'],
  }
}

/** @throws UserError for a shell that is not known. */
export function completionScript(shell: string, root: Command): string {
  const words = wordsOf(root)
  const name = root.name()
  switch (shell) {
    case 'bash':
      return bash(name, words)
    case 'zsh':
      return zsh(name, words)
    case 'fish':
      return fish(name, words)
    case 'powershell':
      return powershell(name, words)
    default:
      throw new UserError(`There is no completion for ${shell}.`, `One of: ${SHELLS.join(', ')}.`, {
        exitCode: 2,
      })
  }
}

const functionName = (name: string) => `_${name.replaceAll('-', '_')}`

function bash(name: string, { commands, options }: Words): string {
  const cases = commands.map((one) => `    ${one.name}) words="${one.options.join(' ')}" ;;`)
  return [
    `# bash: source <(${name} completion bash)`,
    `${functionName(name)}() {`,
    `  local current="\${COMP_WORDS[COMP_CWORD]}" words`,
    `  case "\${COMP_WORDS[1]}" in`,
    ...cases,
    `    *) words="${commands.map((one) => one.name).join(' ')} ${options.join(' ')}" ;;`,
    '  esac',
    '  if [ "$COMP_CWORD" -eq 1 ]; then',
    `    words="${commands.map((one) => one.name).join(' ')} ${options.join(' ')}"`,
    '  fi',
    '  COMPREPLY=($(compgen -W "$words" -- "$current"))',
    '}',
    `complete -o default -F ${functionName(name)} ${name}`,
    '',
  ].join('\n')
}

function zsh(name: string, { commands, options }: Words): string {
  return [
    `#compdef ${name}`,
    `# zsh: source <(${name} completion zsh)`,
    `${functionName(name)}() {`,
    '  local -a commands',
    '  if (( CURRENT == 2 )); then',
    `    commands=(${commands.map((one) => `'${one.name}:${one.does}'`).join(' ')})`,
    "    _describe 'command' commands",
    `    compadd -- ${options.join(' ')}`,
    '    return',
    '  fi',
    '  case "$words[2]" in',
    ...commands.map((one) => `    ${one.name}) compadd -- ${one.options.join(' ')} ;;`),
    '  esac',
    '}',
    `compdef ${functionName(name)} ${name}`,
    '',
  ].join('\n')
}

function fish(name: string, { commands, options }: Words): string {
  const bare = '__fish_use_subcommand'
  return [
    `# fish: ${name} completion fish | source`,
    ...commands.map((one) => `complete -c ${name} -n ${bare} -f -a ${one.name} -d '${one.does}'`),
    ...options.map((option) => `complete -c ${name} -n ${bare} -l ${option.slice(2)}`),
    ...commands.flatMap((one) =>
      one.options.map(
        (option) =>
          `complete -c ${name} -n '__fish_seen_subcommand_from ${one.name}' ${option.startsWith('--') ? `-l ${option.slice(2)}` : `-f -a ${option}`}`,
      ),
    ),
    '',
  ].join('\n')
}

function powershell(name: string, { commands, options }: Words): string {
  const list = (words: readonly string[]) => words.map((word) => `'${word}'`).join(', ')
  return [
    `# PowerShell: ${name} completion powershell | Out-String | Invoke-Expression`,
    `Register-ArgumentCompleter -Native -CommandName ${name} -ScriptBlock {`,
    '  param($word, $tree, $position)',
    '  $given = $tree.CommandElements | Select-Object -Skip 1 -First 1',
    '  $words = switch ("$given") {',
    ...commands.map((one) => `    '${one.name}' { ${list(one.options)} }`),
    `    default { ${list([...commands.map((one) => one.name), ...options])} }`,
    '  }',
    '  $words | Where-Object { $_ -like "$word*" } | ForEach-Object { [System.Management.Automation.CompletionResult]::new($_) }',
    '}',
    '',
  ].join('\n')
}
