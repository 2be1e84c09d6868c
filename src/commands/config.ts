/** `rtstream-tui config`: the effective settings, each with the place it came from. Secrets are never printed. */
import { describeSource } from '../config/error.ts'
import type { LoadedConfig } from '../config/load.ts'
import { type Setting, settings } from '../config/settings.ts'
import { formatDuration, formatSize } from '../config/units.ts'

const MASK = 'set (hidden)'

interface Entry {
  key: string
  value: unknown
  source: string
}

/** One entry per setting that has a value, in the order of the schema; values as a person would write them. */
export function effectiveSettings({ config, sources }: LoadedConfig): Entry[] {
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
