/** The schema as a flat list, with the names by which flags, environment and azd know each setting. */
import type * as z from 'zod'
import type { FieldMeta } from './fields.ts'
import { azureSchema, configSchema } from './schema.ts'

/** One setting, and each name that a person can give it by. */
export interface Setting extends FieldMeta {
  /** `stations`, `azure.subscriptionId` */
  key: string
  /** Where it stands in the configuration file. */
  path: readonly string[]
  /** Property of the parsed flags: `subscriptionId`. Unique over all settings. */
  flag: string
  /** Commander's notation: `--subscription-id <text>`. */
  flags: string
  /** Environment variables, the first that is set counts. */
  environment: readonly string[]
  /** The default, as it would be written; undefined: there is none, or it depends on the machine. */
  fallback: unknown
}

/** Other programs use it too (the notebooks do), so an unknown name is an error only when it is close to a setting's. */
export const ENVIRONMENT_PREFIX = 'RTSTREAM_'

const words = (name: string) => name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)

function setting(path: readonly string[], schema: z.ZodType): Setting {
  const name = path.at(-1) ?? ''
  const meta = fieldMeta(schema)
  const { type, defaultValue } = schema.def as { type: string; defaultValue?: unknown }
  const dashed = words(name)
  return {
    ...meta,
    key: path.join('.'),
    path,
    fallback: type === 'default' || type === 'prefault' ? defaultValue : undefined,
    flag: name,
    // A switch that is on unless it is taken away.
    flags: meta.placeholder
      ? `--${dashed} <${meta.placeholder}>`
      : defaultValue === true
        ? `--no-${dashed}`
        : `--${dashed}`,
    environment: [
      `${ENVIRONMENT_PREFIX}${dashed.replaceAll('-', '_').toUpperCase()}`,
      ...(meta.azd ? [meta.azd] : []),
    ],
  }
}

/** Defaults and optionals wrap the schema that carries the description. */
function fieldMeta(schema: z.ZodType): FieldMeta {
  let inner = schema as z.ZodType & { unwrap?: () => z.ZodType }
  for (;;) {
    const meta = inner.meta() as FieldMeta | undefined
    if (meta?.expected !== undefined) return meta
    if (!inner.unwrap) throw new Error('a setting without a description')
    inner = inner.unwrap()
  }
}

/** All settings, in the order of the schema; those of Azure last. */
export const settings: readonly Setting[] = [
  ...Object.entries(configSchema.shape)
    .filter(([name]) => name !== 'azure')
    .map(([name, schema]) => setting([name], schema)),
  ...Object.entries(azureSchema.shape).map(([name, schema]) => setting(['azure', name], schema)),
]
