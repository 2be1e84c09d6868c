/** The effective settings: flags over environment over file over what azd knows, checked by the schema. */
import { homedir, tmpdir } from 'node:os'
import { resolve } from 'node:path'
import { ConfigError, type ConfigProblem, type Source } from './error.ts'
import { defaultDataDir } from './paths.ts'
import { type AzureConfig, type Config, configSchema } from './schema.ts'
import { type Setting, settings } from './settings.ts'
import { type Raw, readAzd, readEnvironment, readFile, readFlags, type SourceReading } from './sources.ts'

/** Where settings are read from. What is left out is that of this process; flags are none. */
export interface LoadOptions {
  /** Parsed flags by camel-cased name; unknown ones are ignored. `config` names the configuration file. */
  flags?: Readonly<Record<string, unknown>>
  env?: Readonly<Record<string, string | undefined>>
  cwd?: string
  platform?: NodeJS.Platform
  home?: string
  /**
   * The target when none is given. `azure-if-configured`: azure as soon as a setting of Azure is known, which is
   * what doctor wants; a number of settings have defaults, so only those that come from a source count.
   */
  defaultTarget?: 'local' | 'azure' | 'azure-if-configured'
}

/** The settings after all sources and defaults. */
export interface LoadedConfig {
  config: Config
  /** By key, for every setting that has a value: where the value came from. */
  sources: ReadonlyMap<string, Source>
}

/**
 * The effective settings: flags over environment over `rtstream.config.json` over azd's `.env` over defaults.
 * @throws ConfigError with every problem at once.
 */
export function loadConfig(options: LoadOptions = {}): LoadedConfig {
  const { flags = {}, env = process.env, cwd = workingFolder() } = options
  const named = typeof flags.config === 'string' ? flags.config : undefined
  const readings = [readFlags(flags), readEnvironment(env), readFile(cwd, named), readAzd(cwd, env)]
  const problems = readings.flatMap((reading) => reading.problems)
  const values = merge(readings)
  preferEphemeral(readings, values, problems)
  namespaceOfConnectionString(values)

  if (!values.has('target')) setDefault(values, 'target', defaultTarget(options.defaultTarget, values))
  if (!values.has('dataDir')) {
    setDefault(
      values,
      'dataDir',
      defaultDataDir(options.platform ?? process.platform, options.home ?? ownHome(), env),
    )
  }
  const parsed = configSchema.safeParse(nest(values))
  const isAzure = values.get('target')?.value === 'azure'
  if (isAzure) {
    const lacking = missing(values)
    // The reason that all of them have in common comes first.
    const why = readings.flatMap(({ absence }) => (absence && lacking.length > 0 ? [absence] : []))
    // Nothing of Azure is known: one line says it, and what to do.
    const [absence] = why
    if (lacking.length === REQUIRED.length) problems.push(absence ?? notSetUp(values))
    else problems.push(...why, ...lacking)
  }
  if (!parsed.success) {
    problems.push(
      ...parsed.error.issues.map((issue) => problemOf(issue.path.join('.'), issue.message, values)),
    )
    throw new ConfigError(problems)
  }
  if (problems.length > 0) throw new ConfigError(problems)

  const config = derive(parsed.data, cwd)
  const sources = new Map<string, Source>()
  for (const { key } of settings) {
    if (valueAt(config, key) !== undefined) sources.set(key, values.get(key)?.source ?? { kind: 'default' })
  }
  return { config, sources }
}

/** Earlier readings win. */
function merge(readings: readonly SourceReading[]): Map<string, Raw> {
  const values = new Map<string, Raw>()
  for (const reading of readings) {
    for (const [key, raw] of reading.values) if (!values.has(key)) values.set(key, raw)
  }
  return values
}

/** `--ephemeral` on the command line beats a folder in a file; both in one place contradict each other. */
function preferEphemeral(
  readings: readonly SourceReading[],
  values: Map<string, Raw>,
  problems: ConfigProblem[],
): void {
  const ephemeral = values.get('ephemeral')
  const folder = values.get('dataDir')
  if (ephemeral?.value !== true || !folder) return
  const rank = (raw: Raw) => readings.findIndex((reading) => [...reading.values.values()].includes(raw))
  if (rank(folder) > rank(ephemeral)) values.delete('dataDir')
  else if (rank(folder) < rank(ephemeral)) values.delete('ephemeral')
  else {
    problems.push({
      key: 'ephemeral',
      source: ephemeral.source,
      found: 'given together with dataDir',
      expected: 'one of the two: a temporary folder, or a folder that stays',
    })
  }
}

/** The connection string decides where the hub is, whatever namespace is known beside it. */
function namespaceOfConnectionString(values: Map<string, Raw>): void {
  const connection = values.get('azure.eventHubsConnectionString')
  const host = /Endpoint=sb:\/\/([^/;:]+)/.exec(String(connection?.value ?? ''))?.[1]
  if (connection && host) values.set('azure.eventHubsNamespace', { value: host, source: connection.source })
}

function defaultTarget(
  wanted: LoadOptions['defaultTarget'],
  values: ReadonlyMap<string, Raw>,
): 'local' | 'azure' {
  if (wanted !== 'azure-if-configured') return wanted ?? 'local'
  return [...values.keys()].some((key) => key.startsWith('azure.')) ? 'azure' : 'local'
}

function setDefault(values: Map<string, Raw>, key: string, value: unknown): void {
  values.set(key, { value, source: { kind: 'default' } })
}

function nest(values: ReadonlyMap<string, Raw>): object {
  const azure: Record<string, unknown> = {}
  const top: Record<string, unknown> = { azure }
  for (const { key, path } of settings) {
    const raw = values.get(key)
    if (raw) (path.length === 1 ? top : azure)[path.at(-1) ?? ''] = raw.value
  }
  return top
}

const valueAt = (config: Config, key: string): unknown =>
  key
    .split('.')
    .reduce<unknown>((node, name) => (node as Record<string, unknown> | undefined)?.[name], config)

function problemOf(key: string, expected: string, values: ReadonlyMap<string, Raw>): ConfigProblem {
  const raw = values.get(key)
  const secret = settings.find((setting) => setting.key === key)?.secret
  const found = secret ? 'does not have the right form' : JSON.stringify(raw?.value)
  return { key, source: raw?.source, found: found ?? 'no value', expected }
}

/** What no default can stand in for on Azure. Each entry: one of these keys must be known. */
const REQUIRED: readonly (readonly (keyof AzureConfig)[])[] = [
  ['subscriptionId'],
  ['resourceGroup'],
  ['eventHubsNamespace', 'eventHubsConnectionString'],
  ['storageAccount', 'lakeEndpoint'],
  ['streamAnalyticsJob'],
  ['databricksWorkspaceUrl'],
  ['location', 'metricsEndpoint'],
]

const notSetUp = (values: ReadonlyMap<string, Raw>): ConfigProblem => ({
  key: 'target',
  source: values.get('target')?.source,
  found: 'azure, and no setting of Azure is known here',
  expected:
    '`azd up` to have been run in this folder, or the settings that `rtstream-tui config --target azure --help` lists',
})

function missing(values: ReadonlyMap<string, Raw>): ConfigProblem[] {
  return REQUIRED.filter((keys) => !keys.some((key) => values.has(`azure.${key}`))).map(([key]) => {
    const setting = settings.find((candidate) => candidate.key === `azure.${key}`) as Setting
    return {
      key: setting.key,
      source: undefined,
      found: 'missing for target azure',
      expected: `${setting.expected}; \`azd up\` provides it, or set ${setting.environment.at(-1)} or ${setting.flags}`,
    }
  })
}

/** What follows from other settings. */
function derive(config: Config, cwd: string): Config {
  const { azure } = config
  const lakeEndpoint =
    azure.lakeEndpoint ?? (azure.storageAccount && `https://${azure.storageAccount}.dfs.core.windows.net`)
  const storageAccount =
    azure.storageAccount ?? /^https:\/\/([a-z0-9]+)\.dfs\./.exec(azure.lakeEndpoint ?? '')?.[1]
  const metricsEndpoint =
    azure.metricsEndpoint ?? (azure.location && `https://${azure.location}.metrics.monitor.azure.com`)
  return {
    ...config,
    dataDir: resolve(cwd, config.dataDir),
    azure: {
      ...azure,
      ...(storageAccount === undefined ? {} : { storageAccount }),
      ...(lakeEndpoint === undefined ? {} : { lakeEndpoint }),
      ...(metricsEndpoint === undefined ? {} : { metricsEndpoint }),
    },
  }
}

/** @throws Error with a hint when it was deleted meanwhile. */
function workingFolder(): string {
  try {
    return process.cwd()
  } catch (cause) {
    const error = new Error('The working folder was deleted: no relative path means anything.', { cause })
    throw Object.assign(error, { hint: 'Change to a folder that is there (cd), and try again.' })
  }
}

/** A user of a container may have no home folder; then the temporary one is where a folder can be made. */
function ownHome(): string {
  try {
    return homedir()
  } catch {
    return tmpdir()
  }
}
