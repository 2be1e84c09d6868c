import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { configJsonSchema } from '../../src/config/json-schema.ts'
import { settings } from '../../src/config/settings.ts'
import { parseDuration } from '../../src/config/units.ts'

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

it('each length of time that is given as an example is one that the setting takes', () => {
  const timed = settings.filter(({ expected }) => expected?.startsWith('a duration from'))
  expect(timed.length).toBeGreaterThan(3)
  for (const { flag, expected = '' } of timed) {
    const [, from, to, examples = ''] = /^a duration from (\S+) to (\S+), such as (.*)$/.exec(expected) ?? []
    const [least, most] = [from, to].map((text) => parseDuration(text ?? '') as number) as [number, number]
    const all = examples.split(/, | or /)
    expect(all.length, flag).toBeGreaterThan(1)
    for (const text of all) {
      expect(parseDuration(text), `${flag} ${text}`).toBeGreaterThanOrEqual(least)
      expect(parseDuration(text), `${flag} ${text}`).toBeLessThanOrEqual(most)
    }
  }
})
