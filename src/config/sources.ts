/** Reads the places that settings come from. Each yields raw values by key; nothing is validated here but its form. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'
import { parseEnv } from 'node:util'
import type { ConfigProblem, Source } from './error.ts'
import { ENVIRONMENT_PREFIX, type Setting, settings } from './settings.ts'
import { nearest } from './suggest.ts'

/** Looked for in the working directory, unless `--config` names another file. */
export const CONFIG_FILE = 'rtstream.config.json'

type Environment = Readonly<Record<string, string | undefined>>

/** A value as it was found, not yet checked. */
export interface Raw {
  value: unknown
  source: Source
}

/** What one place had to say. */
export interface SourceReading {
  /** By the setting's key. */
  values: Map<string, Raw>
  problems: ConfigProblem[]
  /** Why it has no values: of interest only when values are missing. */
  absence?: ConfigProblem
}

/** @returns undefined: not a plain decimal number. */
const numberIn = (text: string): number | undefined =>
  /^[+-]?(\d+\.?\d*|\.\d+)$/.test(text.trim()) ? Number(text) : undefined

/** Text becomes what JSON would have held; text that cannot is left alone, for the schema to refuse. */
function fromText(setting: Setting, text: string): unknown {
  if (setting.text === 'number') return numberIn(text) ?? text
  if (setting.text === 'share') {
    const percent = text.trim().endsWith('%') ? numberIn(text.trim().slice(0, -1)) : undefined
    return percent === undefined ? (numberIn(text) ?? text) : percent / 100
  }
  if (setting.text === 'boolean') {
    const word = text.trim().toLowerCase()
    if (['true', '1', 'yes', 'on'].includes(word)) return true
    if (['false', '0', 'no', 'off'].includes(word)) return false
  }
  return text
}

/** Parsed command-line flags; those that are not settings (`json`, `duration`) are ignored. */
export function readFlags(flags: Readonly<Record<string, unknown>>): SourceReading {
  const values = new Map<string, Raw>()
  for (const setting of settings) {
    const value = flags[setting.flag]
    if (value === undefined) continue
    const name = setting.flags.split(' ')[0] ?? setting.flags
    values.set(setting.key, {
      value: typeof value === 'string' ? fromText(setting, value) : value,
      source: { kind: 'flag', name },
    })
  }
  return { values, problems: [] }
}

/** `RTSTREAM_*` and azd's names. An empty variable counts as not set. */
export function readEnvironment(env: Environment): SourceReading {
  const values = readVariables(
    env,
    (name) => ({ kind: 'environment', name }),
    (setting) => setting.environment,
  )
  const known = settings.map((setting) => setting.environment[0] ?? '')
  const problems: ConfigProblem[] = []
  for (const name of Object.keys(env)) {
    if (!name.startsWith(ENVIRONMENT_PREFIX) || known.includes(name)) continue
    // Other programs may own variables of this prefix (notebooks do), so only a near miss is called a mistake.
    const meant = nearest(
      name.slice(ENVIRONMENT_PREFIX.length),
      known.map((other) => other.slice(ENVIRONMENT_PREFIX.length)),
    )
    if (meant === undefined) continue
    problems.push({
      key: name,
      source: { kind: 'environment', name },
      found: 'unknown variable',
      expected: `${ENVIRONMENT_PREFIX}${meant}`,
    })
  }
  return { values, problems }
}

function readVariables(
  env: Environment,
  source: (name: string) => Source,
  names: (setting: Setting) => readonly string[],
): Map<string, Raw> {
  const values = new Map<string, Raw>()
  for (const setting of settings) {
    const name = names(setting).find((candidate) => env[candidate])
    if (name !== undefined)
      values.set(setting.key, { value: fromText(setting, env[name] ?? ''), source: source(name) })
  }
  return values
}

/**
 * `rtstream.config.json` in the working directory, or the file named by `--config`, which then must exist.
 * A `$schema` key is allowed; every other unknown key is a problem.
 */
export function readFile(cwd: string, named: string | undefined): SourceReading {
  const path = resolve(cwd, named ?? CONFIG_FILE)
  const source: Source = { kind: 'file', name: named ?? CONFIG_FILE }
  const reading: SourceReading = { values: new Map(), problems: [] }
  if (named === undefined && !existsSync(path)) return reading
  let content: unknown
  try {
    // A byte-order mark is what Windows editors leave behind.
    content = JSON.parse(readFileSync(path, 'utf8').replace(/^\uFEFF/, ''))
  } catch (error) {
    const found = unreadable(error)
    const expected = 'a readable JSON file'
    const sentence = `${path} cannot be used as configuration file: ${found}; expected ${expected}`
    reading.problems.push({ key: basename(path), source, found, expected, sentence })
    return reading
  }
  collect(content, [], source, reading)
  return reading
}

function unreadable(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException
  return code === 'ENOENT' ? 'there is no such file' : (message ?? String(error))
}

function collect(node: unknown, path: readonly string[], source: Source, reading: SourceReading): void {
  if (typeof node !== 'object' || node === null || Array.isArray(node)) {
    const key = path.join('.') || describe(source)
    reading.problems.push({
      key,
      source,
      found: JSON.stringify(node) ?? 'nothing',
      expected: 'a JSON object',
    })
    return
  }
  for (const [name, value] of Object.entries(node)) {
    const here = [...path, name]
    const key = here.join('.')
    if (key === '$schema') continue
    if (settings.some((setting) => setting.key === key)) reading.values.set(key, { value, source })
    else if (
      settings.some((setting) => setting.path.length > here.length && setting.key.startsWith(`${key}.`))
    )
      collect(value, here, source, reading)
    else reading.problems.push(unknownKey(key, source))
  }
}

function unknownKey(key: string, source: Source): ConfigProblem {
  const keys = settings.map((setting) => setting.key)
  const meant = nearest(key, keys) ?? keys.find((other) => other.split('.').at(-1) === key)
  return {
    key,
    source,
    found: 'unknown key',
    expected: meant ? `${meant}, if that is meant` : 'a key of rtstream.schema.json',
  }
}

const describe = (source: Source) => ('name' in source ? source.name : source.kind)

/**
 * azd's `.azure/<environment>/.env`, beside or above the working directory as azd itself looks for its project.
 * The environment is `AZURE_ENV_NAME`, else the default one of `.azure/config.json`.
 */
export function readAzd(cwd: string, env: Environment): SourceReading {
  const reading: SourceReading = { values: new Map(), problems: [] }
  const folder = findUpwards(cwd, '.azure')
  const absent = (found: string, expected: string, advice: string, source?: Source): SourceReading => ({
    ...reading,
    absence: {
      key: 'azd environment',
      source,
      found,
      expected,
      sentence: `No settings for Azure: ${found}. ${advice}`,
    },
  })
  if (folder === undefined)
    return absent(
      'no azd environment in this folder or above',
      'the folder in which `azd up` was run',
      'Run `azd up`, or change to the folder in which it was run.',
    )
  const name = env.AZURE_ENV_NAME || defaultEnvironment(folder, reading)
  if (name === undefined)
    return absent(
      'no azd environment is chosen',
      `\`azd env select NAME\`, or AZURE_ENV_NAME: ${environmentsIn(folder)}`,
      `Choose one with \`azd env select NAME\`, or set AZURE_ENV_NAME; there are: ${environmentsIn(folder)}.`,
    )
  const file = join(folder, name, '.env')
  const source: Source = { kind: 'azd', name: `.azure/${name}/.env` }
  if (!existsSync(file))
    return absent(
      `there is no ${source.name}`,
      `an environment that \`azd up\` has made: ${environmentsIn(folder)}`,
      `Choose one that \`azd up\` has made with \`azd env select NAME\`, or set AZURE_ENV_NAME; there are: ${environmentsIn(folder)}.`,
      env.AZURE_ENV_NAME ? { kind: 'environment', name: 'AZURE_ENV_NAME' } : undefined,
    )
  const variables = parseEnv(readFileSync(file, 'utf8'))
  reading.values = readVariables(
    variables,
    () => source,
    (setting) => (setting.azd ? [setting.azd] : []),
  )
  return reading
}

const environmentsIn = (folder: string): string =>
  readdirSync(folder)
    .filter((name) => existsSync(join(folder, name, '.env')))
    .sort()
    .join(', ') || 'none'

function defaultEnvironment(folder: string, reading: SourceReading): string | undefined {
  const file = join(folder, 'config.json')
  if (!existsSync(file)) return undefined
  try {
    const content: unknown = JSON.parse(readFileSync(file, 'utf8'))
    const name = (content as { defaultEnvironment?: unknown } | null)?.defaultEnvironment
    return typeof name === 'string' && name ? name : undefined
  } catch (error) {
    reading.problems.push({
      key: 'azd environment',
      source: { kind: 'azd', name: '.azure/config.json' },
      found: error instanceof Error ? error.message : String(error),
      expected: 'a readable JSON file; `azd env select NAME` writes it anew',
    })
    return undefined
  }
}

function findUpwards(from: string, name: string): string | undefined {
  for (let folder = resolve(from); ; folder = dirname(folder)) {
    if (existsSync(join(folder, name, 'config.json'))) return join(folder, name)
    if (folder === dirname(folder)) return undefined
  }
}
