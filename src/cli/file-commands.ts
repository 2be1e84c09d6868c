/** Commands that write files and need no settings. */
import { folder } from './arguments.ts'
import type { CommandLine } from './command-line.ts'

/** `completion`, `notebooks`: they neither read settings nor open a target. */
export function fileCommands(line: CommandLine): void {
  const { root, notebooksDir, write, finish } = line
  root
    .command('completion')
    .description('print a script that completes commands and options: bash, zsh, fish, powershell')
    .argument('<shell>', 'bash, zsh, fish or powershell')
    .addHelpText(
      'after',
      `
Try it in this shell, or add the line to what the shell reads at its start:
  bash        source <(rtstream-tui completion bash)
  zsh         source <(rtstream-tui completion zsh)
  fish        rtstream-tui completion fish | source
  PowerShell  rtstream-tui completion powershell | Out-String | Invoke-Expression`,
    )
    .allowExcessArguments(false)
    .exitOverride()
    .action(async (shell: string) => {
      const { completionScript } = await import('../commands/completion.ts')
      write(completionScript(shell, root))
      finish(0)
    })
  root
    .command('notebooks')
    .description('the Spark notebooks that come with the product')
    .exitOverride()
    .command('export')
    .description('write the notebooks as files to import by hand into Databricks, Synapse or Jupyter')
    .requiredOption('--ipynb <folder>', 'where to write silver.ipynb, gold.ipynb and aggregate.ipynb', folder)
    .allowExcessArguments(false)
    .exitOverride()
    .action(async ({ ipynb }: { ipynb: string }) => {
      const { exportNotebooks } = await import('../commands/notebooks.ts')
      for (const path of exportNotebooks(ipynb, notebooksDir)) write(`${path}\n`)
      finish(0)
    })
}
