/** Commands about settings and what stands on Azure. */
import { Argument } from 'commander'
import type { CommandLine } from './command-line.ts'

/** `config`, `stop`, `doctor`, `prepare`, `setup`. */
export function setupCommands(line: CommandLine): void {
  const { command, notebooksDir, write, interruption } = line
  command(
    'config',
    'print the effective settings and where each comes from; init: write a file with those that are given',
    async (loaded, flags, [action]) => {
      const { initConfig, runConfig } = await import('../commands/config.ts')
      if (action === 'init') return initConfig(loaded, { folder: process.cwd(), write })
      return runConfig(loaded, { json: flags.json === true, write })
    },
  )
    .addArgument(new Argument('[action]', 'init').choices(['init']))
    .option('--json', 'one JSON object')
  command(
    'stop',
    'stop the job, the runs and the pipeline, and wait until they have ended',
    async ({ config }, flags) => {
      const { attachTarget } = await import('../commands/shared/attach.ts')
      const { runStop } = await import('../commands/stop.ts')
      const { writeToPerson } = await import('../commands/shared/plain-text.ts')
      const { stages } = await attachTarget(
        config,
        'Nothing is to be stopped there: name another folder with --data-dir, or use --target azure.',
      )
      const json = flags.json === true
      return runStop({
        stages,
        json,
        write: writeToPerson(write, config, { json }),
        signal: interruption(),
      })
    },
  ).option('--json', 'one JSON object')
  command(
    'doctor',
    'check the setup and show how to fix problems',
    async ({ config }, flags) => {
      const { doctorChecks } = await import('../doctor/checks.ts')
      const { runDoctor } = await import('../doctor/doctor.ts')
      const { isAsciiOnly, writeToPerson } = await import('../commands/shared/plain-text.ts')
      const { terminalFacts } = await import('../commands/terminal/terminal-facts.ts')
      const terminal = terminalFacts(process.stdout, process.env, config.ascii)
      const checks = await doctorChecks({ config, terminal, nodeVersion: process.version })
      return runDoctor({
        target: config.target,
        checks,
        json: flags.json === true,
        ascii: isAsciiOnly(config),
        write: writeToPerson(write, config, flags),
        signal: interruption(),
      })
    },
    { defaultTarget: 'azure-if-configured' },
  ).option('--json', 'one JSON object')
  command(
    'prepare',
    'before azd provision: stop the job, register providers, check quota and names',
    async ({ config }) => {
      const { prepareSettings, runPrepare } = await import('../setup/prepare.ts')
      const { azureManagement } = await import('../setup/steps.ts')
      return runPrepare({
        settings: prepareSettings(process.env, config.azure.databricksNodeType),
        management: await azureManagement(config.azure, process.env.AZURE_TENANT_ID),
        write,
        now: () => performance.now(),
        signal: interruption(),
      })
    },
    { defaultTarget: 'local' },
  )
  command(
    'setup',
    'make on Azure what the template cannot: notebooks, jobs, pipeline',
    async ({ config }, flags) => {
      const { azureSetupSteps } = await import('../setup/steps.ts')
      const { runSetup } = await import('../setup/setup.ts')
      const { writeToPerson } = await import('../commands/shared/plain-text.ts')
      const { incomplete } = await import('../commands/shared/user-error.ts')
      const steps = await azureSetupSteps({ azure: config.azure, notebooksDir }).catch(
        incomplete('The notebooks', notebooksDir),
      )
      return runSetup({
        steps,
        dryRun: flags.dryRun === true,
        json: flags.json === true,
        write: writeToPerson(write, config, flags),
        signal: interruption(),
      })
    },
    { defaultTarget: 'azure' },
  )
    .option('--dry-run', 'only say what would be done')
    .option('--json', 'one JSON object')
}
