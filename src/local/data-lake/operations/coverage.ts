/** The guide's table of what the lake serves of each REST operation, generated from the operation table. */
import { EVERY_HEADER, EVERY_PARAMETER, type Operation } from './operation.ts'
import { OPERATIONS } from './table.ts'

/** Markdown; the same table gives the same text. */
export function coverageTable(): string {
  const rows = (OPERATIONS as readonly Operation[]).map(
    (one) => `| ${one.name} | ${requestOf(one)} | ${servedOf(one)} |`,
  )
  return [
    `Every request may carry ${code([...EVERY_HEADER, ...EVERY_PARAMETER])}, a signature's parameters and HTTP's own conditions. What is not named`,
    'here, and begins with `x-ms-` or stands in the query, is refused in words. Headers are named without their `x-ms-`.',
    '',
    '| operation | request | served with |',
    '|---|---|---|',
    ...rows,
    '',
  ].join('\n')
}

function requestOf({ methods, level, words = {}, by = {} }: Operation): string {
  const query = Object.entries(words).map(([name, value]) => (value === '*' ? name : `${name}=${value}`))
  const headers = Object.entries(by).map(([name, value]) => (value === '*' ? name : `${name}: ${value}`))
  const target = { account: '/', container: '/container', path: '/container/path' }[level]
  const request = `${methods.join(', ')} ${target}${query.length > 0 ? `?${query.join('&')}` : ''}`
  return [request, ...headers].map((one) => `\`${one}\``).join(' with ')
}

function servedOf({ refusal, parameters = [], headers = [], values = {} }: Operation): string {
  if (refusal !== undefined) return `**refused**: ${refusal}`
  const told = [
    ...parameters.map((name) => ({ name, shown: name })),
    ...headers.map((name) => ({ name, shown: name.replace(/^x-ms-/, '') })),
  ].map(({ name, shown }) => `${shown}${values[name] ? ` (${values[name].join(', ')})` : ''}`)
  return told.length === 0 ? '–' : [...new Set(told)].join(', ')
}

const code = (names: readonly string[]) => names.map((name) => `\`${name}\``).join(', ')
