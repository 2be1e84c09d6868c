import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { configJsonSchema } from '../../src/config/json-schema.ts'
import { settings } from '../../src/config/settings.ts'

describe('rtstream.schema.json', () => {
  it('is what the settings say (else run `node scripts/schema.ts`)', () => {
    const file = new URL('../../rtstream.schema.json', import.meta.url)
    expect(readFileSync(file, 'utf8')).toBe(`${JSON.stringify(configJsonSchema(), null, 2)}\n`)
  })

  it('describes what a person writes, and requires nothing', () => {
    const schema = configJsonSchema() as {
      required?: unknown
      properties: Record<
        string,
        { type: string; default?: unknown; description?: string; required?: unknown }
      >
    }
    expect(schema.required).toBeUndefined()
    expect(schema.properties.azure?.required).toBeUndefined()
    expect(schema.properties.interval).toMatchObject({ type: 'string', default: '10s' })
    expect(schema.properties.$schema).toEqual({ type: 'string' })
    expect(JSON.stringify(schema)).not.toContain('placeholder')
  })
})

describe('the names of settings', () => {
  it('are unique in every source', () => {
    for (const names of [settings.map((s) => s.flag), settings.flatMap((s) => s.environment)]) {
      expect(new Set(names).size).toBe(names.length)
    }
  })

  it('follow one rule', () => {
    const setting = settings.find(({ key }) => key === 'azure.subscriptionId')
    expect(setting).toMatchObject({
      flag: 'subscriptionId',
      flags: '--subscription-id <text>',
      environment: ['RTSTREAM_SUBSCRIPTION_ID', 'AZURE_SUBSCRIPTION_ID'],
    })
    expect(settings.find(({ key }) => key === 'readOnly')?.flags).toBe('--read-only')
    for (const { key, flag, flags, environment } of settings) {
      const words = key.replace(/^azure\./, '').replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)
      expect(flag, key).toBe(key.replace(/^azure\./, ''))
      expect(
        flags.split(/[ ,]+/).map((one) => one.replace('--no-', '--')),
        key,
      ).toContain(`--${words}`)
      expect(environment[0], key).toBe(`RTSTREAM_${words.replaceAll('-', '_').toUpperCase()}`)
    }
  })
})
