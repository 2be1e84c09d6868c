/** docs/configuration.md, from the settings themselves. */
import { type Setting, settings } from '../src/config/settings.ts'

const INTRODUCTION = `# Configuration

Made from the settings by \`npm run docs\`; do not edit.

A setting comes from the first of these that names it: a flag, an environment variable, \`rtstream.config.json\` in the working
folder, azd's \`.env\` (with \`--target azure\`). \`rtstream-tui config\` prints what counts and where it comes from.
\`rtstream.schema.json\` is the JSON schema of the file; an editor completes it with
\`{ "$schema": "./node_modules/rtstream-tui/rtstream.schema.json" }\`.
`

const cell = (text: string) => text.replaceAll('|', '\\|')
const code = (text: string) => `\`${text}\``

function row({ key, flags, environment, fallback, description, expected, secret }: Setting): string {
  const standard = fallback === undefined || fallback === '' ? '' : code(String(fallback))
  const names = [code(flags), ...environment.map(code)].join('<br>')
  const hidden = secret ? '. Never printed' : ''
  return `| ${code(key)} | ${names} | ${standard} | ${cell(`${description}${hidden}`)}: ${cell(expected)} |`
}

const table = (rows: readonly Setting[]) =>
  ['| in the file | flag, environment | default | what it is |', '|---|---|---|---|', ...rows.map(row)].join(
    '\n',
  )

/** The page, as it must stand in docs/. */
export function configurationDocument(): string {
  const ofAzure = settings.filter(({ path }) => path[0] === 'azure')
  const others = settings.filter(({ path }) => path[0] !== 'azure')
  return `${INTRODUCTION}
## The program and the local services

${table(others)}

## Azure

\`azd up\` fills most of these in; the second variable is azd's own name.

${table(ofAzure)}
`
}
