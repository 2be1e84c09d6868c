/**
 * What libraries cost at the start, as they are bundled, beside what takes their place: `node test/bench/libraries.bench.ts [rounds]`.
 * Each program runs in a process of its own, all in turns; told is the median CPU from its import to its result.
 */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import { machine, today } from '../../scripts/bench/machine.ts'
import { bundlePlugins } from '../../scripts/bundle-plugins.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const CERTIFICATE = "import { createCertificate } from './src/local/runtime/certificate.ts'"
const SELFSIGNED =
  "await generate([{ name: 'commonName', value: 'bench' }], { keyType: 'ec', curve: 'P-256', algorithm: 'sha256' })"
const DRAWS =
  'faker.seed(1); for (let i = 0; i < 2048; i++) { faker.helpers.arrayElement([1, 2, 3]); faker.number.float({ min: 0, max: 1 }) }'

const PROGRAMS: Readonly<Record<string, string>> = {
  'selfsigned, loaded': "await import('selfsigned')",
  'selfsigned, a certificate made': `import { generate } from 'selfsigned'\n${SELFSIGNED}`,
  'a certificate made in its one form': `${CERTIFICATE}\nawait createCertificate()`,
  'Faker with English words, sites drawn': `import { faker } from '@faker-js/faker/locale/en'\n${DRAWS}`,
  'SimpleFaker, sites drawn': `import { SimpleFaker } from '@faker-js/faker'\nconst faker = new SimpleFaker()\n${DRAWS}`,
  nothing: '',
}

/** Prints the CPU (ms) that the import of a file takes. */
const MEASURE =
  'const before = process.cpuUsage(); await import(process.argv[1]); const { user, system } = process.cpuUsage(before); console.log((user + system) / 1000)'

const folder = mkdtempSync(join(tmpdir(), 'rtstream-libraries-'))
try {
  const files = await Promise.all(Object.entries(PROGRAMS).map(([name, code], at) => bundled(name, code, at)))
  const rounds = Number(process.argv[2] ?? 9)
  for (let round = 0; round < rounds; round++) for (const { path, cpu } of files) cpu.push(cpuOf(path))
  console.log(`${today()}, ${rounds} rounds: ${machine}`)
  for (const { name, path, cpu } of files) {
    const middle = cpu.toSorted((a, b) => a - b)[Math.floor(rounds / 2)] as number
    const kB = statSync(path).size / 1024
    console.log(`${name.padEnd(40)}${kB.toFixed(0).padStart(6)} KB${middle.toFixed(1).padStart(8)} ms CPU`)
  }
} finally {
  rmSync(folder, { recursive: true })
}

async function bundled(name: string, code: string, at: number) {
  const path = join(folder, `${at}.mjs`)
  const { outputFiles } = await build({
    stdin: { contents: code, resolveDir: root },
    bundle: true,
    format: 'esm',
    platform: 'node',
    minify: true,
    keepNames: true,
    legalComments: 'none',
    write: false,
    banner: {
      js: "import { createRequire as __r } from 'node:module'; const require = __r(import.meta.url);",
    },
    plugins: [...bundlePlugins],
  })
  writeFileSync(path, outputFiles?.[0]?.text ?? '')
  return { name, path, cpu: [] as number[] }
}

function cpuOf(path: string): number {
  const { stdout } = spawnSync(process.execPath, ['--input-type=module', '-e', MEASURE, path], {
    encoding: 'utf8',
  })
  return Number(stdout)
}
