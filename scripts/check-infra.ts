/**
 * `npm run check:infra`: the templates through Microsoft's own compiler where there is one (`bicep`, or `az bicep`).
 * Any diagnostic fails the check: the compiler has no switch by which its warnings are errors. Without a compiler it says so.
 */
import { spawnSync } from 'node:child_process'
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))

interface Outcome {
  status: number | undefined
  diagnostics: string
}

function run([command = '', ...first]: readonly string[], ...more: string[]): Outcome {
  const { status, stderr, error } = spawnSync(command, [...first, ...more], {
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
    // On Windows both are scripts that only a shell starts; the paths are ours.
    shell: process.platform === 'win32',
  })
  return { status: error ? undefined : (status ?? 1), diagnostics: (stderr ?? '').trim() }
}

const compiler = [['bicep'], ['az', 'bicep']].find((words) => {
  const isAlone = words.length === 1
  return run(words, isAlone ? '--version' : 'version').status === 0
})

if (!compiler) {
  console.log(
    'check:infra: no Bicep compiler on the path (bicep, or az with it): not compiled. The tests in test/infra still hold.',
  )
  process.exit(0)
}

/** `az bicep` wants the file by name; the compiler itself by place. */
const compile = (what: 'lint' | 'build', file: string) =>
  run(
    compiler,
    what,
    ...(compiler.length === 1 ? [file] : ['--file', file]),
    ...(what === 'build' ? ['--stdout'] : []),
  )

const problems: string[] = []
const main = join(root, 'infra', 'main.bicep')
for (const what of ['lint', 'build'] as const) {
  const { status, diagnostics } = compile(what, main)
  if (status !== 0 || diagnostics !== '') problems.push(`${what}: ${diagnostics || `ended with ${status}`}`)
}

// A misspelt rule or level in the configuration is passed over without a word: a template that must fail shows that it counts.
const folder = mkdtempSync(join(tmpdir(), 'check-infra-'))
try {
  copyFileSync(join(root, 'infra', 'bicepconfig.json'), join(folder, 'bicepconfig.json'))
  writeFileSync(join(folder, 'main.bicep'), 'param unused string\n')
  if (compile('build', join(folder, 'main.bicep')).status === 0)
    problems.push('infra/bicepconfig.json has no effect: an unused parameter compiles.')
} finally {
  rmSync(folder, { recursive: true, force: true })
}

if (problems.length > 0) {
  console.error(`check:infra: ${problems.join('\n')}`)
  process.exit(1)
}
console.log(`check:infra: ${compiler.join(' ')} finds nothing in infra/.`)
