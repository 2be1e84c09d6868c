import * as z from 'zod'
import { configSchema } from './schema.ts'

/** JSON schema of `rtstream.config.json`, for editors: what may be written, with descriptions and defaults. */
export function configJsonSchema(): object {
  const schema = z.toJSONSchema(configSchema, {
    io: 'input',
    target: 'draft-7',
    override: ({ jsonSchema }) => {
      // An editor does not need the names used in other sources.
      for (const name of ['text', 'placeholder', 'expected', 'azd', 'unit', 'secret']) delete jsonSchema[name]
    },
  }) as { properties: Record<string, unknown> }
  return {
    ...schema,
    title: 'rtstream-tui',
    required: undefined,
    properties: { $schema: { type: 'string' }, ...schema.properties },
  }
}
