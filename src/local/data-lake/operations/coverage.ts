/** The guide's table of what the lake serves of each REST operation, generated from the operation table. */
import { dotnetCoverage } from './coverage-dotnet.ts'
import { EVERY_HEADER, EVERY_PARAMETER, type Operation } from './operation.ts'
import { OPERATIONS } from './table.ts'

/** Markdown; the same table gives the same text. */
export function coverageTable(): string {
  const rows = (OPERATIONS as readonly Operation[]).map(
    (one) =>
      `| ${one.name} | ${requestOf(one)} | ${servedOf(one)} | ${one.refusal === undefined ? dotnetCoverage(one.id) : '–'} |`,
  )
  return [
    `Every request may carry ${code([...EVERY_HEADER, ...EVERY_PARAMETER])}, a signature's parameters and HTTP's own conditions. What is not named`,
    'here, and begins with `x-ms-` or stands in the query, is refused in words. Headers are named without their `x-ms-`.',
    '',
    'The last column: *run*, called by Azure.Storage.Blobs on 2026-11-28, by 12.30.1 on the .NET SDK 10 against a trial build or by 12.24.0 on',
    '.NET 9.0.7 (`npm run test:suites -- Azure.Storage`); *wire form*, tests',
    'send what Azure.Storage sends, but .NET was not run against it; –, neither.',
    '',
    '| operation | request | served with | .NET |',
    '|---|---|---|---|',
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
  ].map(({ name, shown }) => `${shown}${values[name] ? ` (${values[name].join(', ') || 'empty'})` : ''}`)
  return told.length === 0 ? '–' : [...new Set(told)].join(', ')
}

const code = (names: readonly string[]) => names.map((name) => `\`${name}\``).join(', ')
