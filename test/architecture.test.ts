/** Holds the arrows of the house: ui, commands → pipeline → nothing; azure → pipeline; local → the data contract only. */
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { describe, expect, it } from 'vitest'

const src = resolve(import.meta.dirname, '../src')

/** What each room may import from the other rooms of `src/`. */
const ALLOWED: Record<string, readonly string[]> = {
  pipeline: ['pipeline'],
  azure: ['azure', 'pipeline'],
  local: ['local', 'pipeline/contract'],
  ui: ['ui', 'pipeline'],
  config: ['config', 'pipeline'],
  commands: ['commands', 'config', 'pipeline', 'azure', 'local', 'ui'],
  'cli.ts': ['commands', 'config', 'cli.ts'],
}

/** Packages that belong to some rooms only. */
const PACKAGES: Record<string, RegExp> = {
  pipeline: /^(@azure\/|ink|react|rhea|@duckdb\/|asciichart|node:(net|http|https|tls|worker_threads))/,
  ui: /^(@azure\/|rhea|@duckdb\/|node:(net|http|https|tls|worker_threads|fs))/,
  local: /^(@azure\/|ink|react|asciichart)/,
  azure: /^(ink|react|asciichart|rhea)/,
}

interface Import {
  file: string
  room: string
  target: string
}

function importsOf(folder: string): Import[] {
  const found: Import[] = []
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile() || !/\.tsx?$/.test(entry.name)) continue
    const path = join(entry.parentPath, entry.name)
    const file = relative(src, path)
    const text = readFileSync(path, 'utf8')
    const pattern =
      /(?:^|\n)\s*(?:import|export)\b[^'"\n;]*?(?:\{[^}]*\}[^'"\n;]*?)?['"]([^'"]+)['"]|import\(\s*['"]([^'"]+)['"]/g
    for (const match of text.matchAll(pattern)) {
      const specifier = match[1] ?? match[2] ?? ''
      const target = specifier.startsWith('.')
        ? relative(src, resolve(dirname(path), specifier))
        : `package:${specifier}`
      found.push({ file, room: file.split('/')[0] as string, target })
    }
  }
  return found
}

const imports = importsOf(src)
const isInside = (target: string, place: string) => target === place || target.startsWith(`${place}/`)

describe('the arrows of the house', () => {
  it('sees the imports at all', () => {
    expect(imports.length).toBeGreaterThan(100)
    expect(new Set(imports.map((one) => one.room))).toEqual(new Set(Object.keys(ALLOWED)))
  })

  it.each(Object.keys(ALLOWED))('%s imports only what it may', (room) => {
    const rooms = Object.keys(ALLOWED)
    const wrong = imports
      .filter((one) => one.room === room && rooms.some((other) => isInside(one.target, other)))
      .filter((one) => !ALLOWED[room]?.some((place) => isInside(one.target, place)))
    expect(wrong).toEqual([])
  })

  it.each(Object.keys(PACKAGES))('%s uses no package of another room', (room) => {
    expect(
      imports.filter((one) => one.room === room && PACKAGES[room]?.test(one.target.replace(/^package:/, ''))),
    ).toEqual([])
  })
})
