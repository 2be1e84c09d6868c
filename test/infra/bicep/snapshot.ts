/**
 * What the templates declare, without comments and layout: a change that a compiler lets through stands in its difference.
 * `node test/infra/bicep/snapshot.ts` writes it anew.
 */
import { globSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Block, type Expression, readTemplate } from './template.ts'

const infra = fileURLToPath(new URL('../../../infra/', import.meta.url))
export const SNAPSHOT = fileURLToPath(new URL('../fixtures/deployment.json', import.meta.url))

type Json = string | number | boolean | null | Json[] | { [name: string]: Json }

/** Text of templates by path below `infra/`. */
export function sources(): Record<string, string> {
  const paths = globSync('**/*.bicep', { cwd: infra }).map((path) => path.replaceAll('\\', '/'))
  return Object.fromEntries(paths.sort().map((path) => [path, readFileSync(join(infra, path), 'utf8')]))
}

export const snapshotOf = (texts: Readonly<Record<string, string>>): Json =>
  Object.fromEntries(Object.entries(texts).map(([path, text]) => [path, templateJson(path, text)]))

function templateJson(path: string, text: string): Json {
  const { targetScope, imports, types, parameters, variables, blocks, outputs } = readTemplate(path, text)
  return {
    targetScope,
    imports: imports.map(({ names, path: from }) => `${names.join(', ')} from ${from}`),
    types: byName(types, ({ properties, additional }) => ({
      ...Object.fromEntries(properties),
      ...(additional !== undefined && { '*': additional }),
    })),
    parameters: byName(parameters, (one) => ({
      type: one.type,
      ...(one.default && { default: shown(one.default) }),
      ...decorated(one.decorators),
    })),
    variables: byName(variables, ({ value }) => shown(value)),
    blocks: byName(blocks, blockJson),
    outputs: byName(outputs, ({ type, value, decorators }) => ({
      type,
      value: shown(value),
      ...decorated(decorators),
    })),
  }
}

const byName = <Declared extends { name: string }>(
  some: readonly Declared[],
  tell: (one: Declared) => Json,
): Json => Object.fromEntries(some.map((one) => [one.name, tell(one)]))

const blockJson = ({ kind, reference, existing, condition, loop, body, decorators }: Block): Json => ({
  [kind]: reference,
  ...(existing && { existing }),
  ...(condition && { condition: shown(condition) }),
  ...(loop && { for: `${loop.item}${loop.index ? `, ${loop.index}` : ''} in ${text(loop.over)}` }),
  ...decorated(decorators),
  body: shown(body),
})

/** Descriptions are words for people. */
function decorated(decorators: ReadonlyMap<string, Expression[]>): Record<string, Json> {
  const found = [...decorators].filter(([name]) => name !== 'description')
  return Object.fromEntries(found.map(([name, given]) => [`@${name}`, given.map(shown)]))
}

/** Objects and arrays as such, anything else as the text of its expression. */
function shown(value: Expression): Json {
  if (value.kind === 'object')
    return Object.fromEntries(value.properties.map(({ name, value: of }) => [name, shown(of)]))
  if (value.kind === 'array') return value.items.map(shown)
  if (value.kind === 'number' || value.kind === 'boolean') return value.value
  return value.kind === 'null' ? null : text(value)
}

function text(value: Expression): string {
  switch (value.kind) {
    case 'string':
      // In quotes: a name is something else.
      return `'${value.text}'`
    case 'name':
      return value.name
    case 'member':
      return `${text(value.of)}${value.operator}${value.name}`
    case 'binary':
      return `(${text(value.left)} ${value.operator} ${text(value.right)})`
    case 'index':
      return `${text(value.of)}[${text(value.index)}]`
    case 'call':
      return `${value.name}(${value.arguments.map(text).join(', ')})`
    case 'choice':
      return `(${text(value.condition)} ? ${text(value.whenTrue)} : ${text(value.whenFalse)})`
    case 'not':
      return `!${text(value.operand)}`
    default:
      return JSON.stringify(shown(value))
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url))
  writeFileSync(SNAPSHOT, `${JSON.stringify(snapshotOf(sources()), undefined, 1)}\n`)
