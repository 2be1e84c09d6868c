/** `rtstream-tui config`: the effective settings, each with the place it came from. Secrets are never printed. */

import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describeSource } from '../config/error.ts'
import type { LoadedConfig } from '../config/load.ts'
import { type Setting, settings } from '../config/settings.ts'
import { CONFIG_FILE } from '../config/sources.ts'
import { formatDuration, formatSize } from '../config/units.ts'
import { UnwritableFileError } from '../local/storage/naming-file.ts'
import { countOf } from '../pipeline/state/count-of.ts'
import { UserError } from './shared/user-error.ts'

const MASK = 'set (hidden)'

interface Entry {
  key: string
  value: unknown
  source: string
}

/** One entry per setting that has a value, in the order of the schema; values as a person would write them. */
function effectiveSettings({ config, sources }: LoadedConfig): Entry[] {
  return settings.flatMap((setting) => {
    const source = sources.get(setting.key)
    if (!source) return []
    return [
      {
        key: setting.key,
        value: written(setting, effective(config, setting)),
        source: describeSource(source),
      },
    ]
  })
}

/** @returns exit code 0. With `json` one object by key, else aligned lines `key  value  source`. */
export function runConfig(
  loaded: LoadedConfig,
  options: { json: boolean; write: (text: string) => void },
): number {
  const entries = effectiveSettings(loaded)
  if (options.json) {
    const byKey = Object.fromEntries(entries.map(({ key, value, source }) => [key, { value, source }]))
    options.write(`${JSON.stringify(byKey, null, 2)}\n`)
    return 0
  }
  const keyWidth = Math.max(...entries.map((entry) => entry.key.length))
  const valueWidth = Math.min(48, Math.max(...entries.map((entry) => String(entry.value).length)))
  for (const { key, value, source } of entries) {
    options.write(`${key.padEnd(keyWidth)}  ${String(value).padEnd(valueWidth)}  ${source}\n`)
  }
  return 0
}

const effective = (config: object, { path }: Setting): unknown =>
  path.reduce<unknown>((node, name) => (node as Record<string, unknown>)[name], config)

function written(setting: Setting, value: unknown): unknown {
  if (setting.secret) return MASK
  if (typeof value !== 'number') return value
  if (setting.unit === 'duration') return formatDuration(value)
  return setting.unit === 'size' ? formatSize(value) : value
}

/**
 * Writes `rtstream.config.json` with the settings that were given on the command line or in the environment, for the next time.
 * @returns exit code 0. @throws UserError when there is such a file already.
 */
export function initConfig(
  loaded: LoadedConfig,
  { folder, write }: { folder: string; write: (text: string) => void },
): number {
  const content: Record<string, unknown> = { $schema: 'https://unpkg.com/rtstream-tui/rtstream.schema.json' }
  for (const setting of settings) {
    const source = loaded.sources.get(setting.key)
    if (!source || setting.secret || (source.kind !== 'flag' && source.kind !== 'environment')) continue
    const [group, name] = setting.path.length > 1 ? setting.path : [undefined, setting.path[0]]
    const value = written(setting, effective(loaded.config, setting))
    if (group === undefined) content[name as string] = value
    else content[group] = { ...(content[group] as object), [name as string]: value }
  }
  const file = join(folder, CONFIG_FILE)
  try {
    writeFileSync(file, `${JSON.stringify(content, null, 2)}\n`, { flag: 'wx' })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw new UnwritableFileError(file, error)
    throw new UserError(`${file} is there already.`, 'Edit it, or remove it first.', { cause: error })
  }
  write(
    `${file} holds ${countOf(Object.keys(content).length - 1, 'setting')}; every other keeps its default.\n`,
  )
  return 0
}
