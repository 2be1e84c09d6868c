/** Holds the rules of docs/architecture.md: which room imports which, no circles, no overfull folder. */
import { existsSync, readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { describe, expect, it } from 'vitest'
import { importsIn, importsOf, type Rules, sourceFiles, violations } from './support/architecture.ts'

const src = resolve(import.meta.dirname, '../src')

const RULES: Rules = {
  allowed: {
    contract: [],
    delta: ['contract'],
    pipeline: ['contract'],
    azure: ['contract', 'delta', 'pipeline'],
    local: ['contract', 'delta'],
    config: ['pipeline'],
    ui: ['contract', 'pipeline'],
    recording: ['pipeline'],
    report: ['pipeline', 'recording'],
    audience: ['contract'],
    doctor: ['contract', 'config', 'pipeline', 'azure', 'local', 'commands/shared'],
    setup: ['contract', 'config', 'pipeline', 'azure', 'commands/shared'],
    commands: [
      'contract',
      'config',
      'pipeline',
      'azure',
      'local',
      'ui',
      'doctor',
      'setup',
      'recording',
      'report',
      'audience',
    ],
    cli: ['commands', 'config', 'doctor', 'setup'],
    'cli.ts': ['cli', 'commands', 'config'],
  },
  forbiddenPackages: {
    contract: /^(?!node:)/,
    delta: /^/,
    pipeline: /^(@azure\/|ink|react|rhea|@duckdb\/|node:(fs|net|http|https|tls|worker_threads))/,
    ui: /^(@azure\/|rhea|@duckdb\/|node:(net|http|https|tls|worker_threads))/,
    local: /^(@azure\/|ink|react)/,
    azure: /^(ink|react|rhea)/,
  },
  packageRooms: {
    'rhea/lib/': 'local/event-hubs/amqp/library.ts',
    'ink-output': 'ui/ink',
  },
  filesPerFolder: 24,
}

const imports = importsOf(src)
const files = sourceFiles(src)
const textOf = (file: string) => readFileSync(resolve(src, file), 'utf8')

describe('the house', () => {
  it('keeps its rules', () => {
    expect(imports.length).toBeGreaterThan(1000)
    expect(violations(imports, files, RULES)).toEqual([])
  })

  it.each([
    ['pipeline/session/drain.ts', "import { x } from '../../azure/target.ts'", /must not import azure/],
    ['pipeline/session/drain.ts', "import type { x } from '../../ui/layout.ts'", /must not import ui/],
    ['pipeline/state/store.ts', "import { readFileSync } from 'node:fs'", /must not import package:node:fs/],
    [
      'local/http/body.ts',
      "const x = await import('../../pipeline/state/state.ts')",
      /must not import pipeline/,
    ],
    ['local/http/body.ts', "import { x } from '@azure/identity'", /must not import package:@azure/],
    ['ui/layout.ts', "export { x } from '../local/runtime/options.ts'", /must not import local/],
    [
      'contract/reading.ts',
      "import { x } from './tables.ts'\nimport { y } from '../delta/replay.ts'",
      /must not/,
    ],
    ['local/event-hubs/hub.ts', "import x from 'rhea/lib/frames.js'", /amqp\/library.ts alone may/],
    ['ui/app/app.tsx', "import Output from 'ink-output'", /ui\/ink alone may/],
    ['attic/junk.ts', "import { x } from '../contract/reading.ts'", /attic\/junk.ts must not/],
    ['pipeline/ports/errors.ts', "import { x } from '../session/session.ts'", /circle of rooms: .*session/],
    ['contract/bronze-layout.ts', "import { x } from './bronze-totals.ts'", /circle: .*bronze-layout/],
  ])('%s with %s is refused', (file, text, message) => {
    const found = violations([...imports, ...importsIn(src, file, text)], files, RULES)
    expect(found.join('\n')).toMatch(message)
  })

  it('reaches into a library through one file, behind an exact version', () => {
    const reaching = files.filter(
      (file) =>
        /from 'rhea'/.test(textOf(file)) &&
        /as unknown as/.test(textOf(file)) &&
        file !== 'local/event-hubs/amqp/library.ts',
    )
    expect(reaching).toEqual([])
    const { devDependencies } = JSON.parse(readFileSync(resolve(src, '../package.json'), 'utf8')) as {
      devDependencies: Record<string, string>
    }
    for (const name of ['rhea', 'ink', '@azure/event-hubs'])
      expect(devDependencies[name], name).toMatch(/^\d+\.\d+\.\d+$/)
  })

  it('has a code map whose places exist', () => {
    const map = readFileSync(resolve(src, '../docs/architecture.md'), 'utf8')
    const named = [...map.matchAll(/`([\w./-]+\.(?:tsx?|py))`/g)].map(([, path = '']) => path)
    expect(named.length).toBeGreaterThan(40)
    const isThere = (path: string) =>
      files.some((one) => one === path || one.endsWith(`/${path}`)) || existsSync(resolve(src, '..', path))
    expect(named.filter((path) => !isThere(path))).toEqual([])
    const pairs = [...map.matchAll(/`(\w+)` (?:in |\()`([\w./-]+\.ts)`/g)]
    expect(pairs.length).toBeGreaterThan(3)
    for (const [, name = '', path = ''] of pairs) expect(textOf(path), `${name} in ${path}`).toContain(name)
  })

  it('refuses a folder with too many files', () => {
    const many = Array.from({ length: 25 }, (_, index) => `ui/attic/${index}.ts`)
    expect(violations(imports, [...files, ...many], RULES)).toEqual(['ui/attic holds 25 files'])
  })
})
