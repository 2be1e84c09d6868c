/**
 * Rust's clients, from crates.io: azure_storage_blob's own live tests, which lie in its crate, and the integration functions that
 * object_store exports. The compiler needs a few minutes for each.
 */
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { delimiter, join } from 'node:path'
import { accountSas } from './signature.ts'
import { done, type Endpoints, output, type Suite, type SuiteResult } from './suite.ts'

const BLOB = '1.1.0'
const OBJECT_STORE = '0.14.2'

export const RUST_SUITES: readonly Suite[] = [
  { name: 'azure_storage_blob (Rust)', version: BLOB, run: azureStorageBlob },
  { name: 'object_store (Rust)', version: OBJECT_STORE, run: objectStore },
]

async function azureStorageBlob(folder: string, at: Endpoints): Promise<SuiteResult[]> {
  const repository = join(folder, `azure_storage_blob-${BLOB}`)
  // The tests look for the folders of the repository that they come from.
  const crate = join(repository, 'sdk/storage/azure_storage_blob')
  const unpacked = await fetched('azure_storage_blob', BLOB, repository)
  rmSync(crate, { recursive: true, force: true })
  mkdirSync(join(repository, '.git'), { recursive: true })
  cpSync(unpacked, crate, { recursive: true, preserveTimestamps: true })
  const here = new URL(at.lakeTls).host.replace('localhost', '127.0.0.1')
  for (const file of readdirSync(join(crate, 'tests'), { recursive: true, encoding: 'utf8' })) {
    if (!file.endsWith('.rs')) continue
    const text = readFileSync(join(crate, 'tests', file), 'utf8')
    // Without the slash at the end: the tests push segments to the path, which would follow an empty one.
    const changed = text.replaceAll('https://{}.blob.core.windows.net/', `https://${here}/{}`)
    if (changed !== text) writeFileSync(join(crate, 'tests', file), changed)
  }
  const text = await output('cargo', ['test', '--test', '*', '--no-fail-fast', '--', '--test-threads=2'], {
    cwd: crate,
    env: {
      CARGO_TARGET_DIR: join(repository, 'target'),
      // What cargo itself says comes between the tests' lines, and tells which program they are of.
      CARGO_TERM_COLOR: 'never',
      AZURE_TEST_MODE: 'live',
      AZURE_STORAGE_ACCOUNT_NAME: at.account,
      VERSIONED_AZURE_STORAGE_ACCOUNT_NAME: at.account,
      SSL_CERT_FILE: at.certificateFile,
      PATH: [signedIn(repository, at), process.env.PATH].join(delimiter),
    },
  })
  return testsIn(text)
}

/** Azure's command line as the tests ask it for a token. @returns the folder that it is in. */
function signedIn(place: string, { token }: Endpoints): string {
  const folder = join(place, 'bin')
  mkdirSync(folder, { recursive: true })
  const answer = {
    accessToken: token,
    expires_on: Math.floor(Date.now() / 1000) + 86_400,
    tokenType: 'Bearer',
  }
  const file = join(folder, 'az')
  writeFileSync(file, `#!/bin/sh\ncat <<'ANSWER'\n${JSON.stringify(answer)}\nANSWER\n`)
  chmodSync(file, 0o755)
  return folder
}

/** @param text what the test programs print: `test NAME … ok`, and after all of them what each failure said. */
function testsIn(text: string): SuiteResult[] {
  const said = new Map<string, string>()
  for (const [, test = '', words = ''] of text.matchAll(
    /^---- (\S+) stdout ----\n([\s\S]*?)(?=^---- \S+ stdout ----$|^failures:$)/gm,
  ))
    said.set(test, words.replaceAll(/\s+/g, ' ').trim())
  const outcomes = { ok: 'passed', FAILED: 'failed', ignored: 'skipped' } as const
  return [...text.matchAll(/^test (\S+)(?: - should panic)? \.\.\. (ok|FAILED|ignored)/gm)].map(
    ([, test = '', word = 'FAILED']) => ({
      test,
      outcome: outcomes[word as keyof typeof outcomes],
      // The headers of an answer come before what it says.
      message:
        said
          .get(test)
          ?.replace(/raw_response: .*?\}\) \}, /, '')
          .slice(0, 600) ?? '',
    }),
  )
}

async function objectStore(folder: string, at: Endpoints): Promise<SuiteResult[]> {
  const place = join(folder, `object_store-${OBJECT_STORE}`)
  mkdirSync(join(place, 'src'), { recursive: true })
  cpSync(join(import.meta.dirname, 'rust/object_store_cases.rs'), join(place, 'src/main.rs'))
  const features = '["azure", "integration"]'
  const needs = `object_store = { version = "=${OBJECT_STORE}", features = ${features} }\nfutures = "0.3"\ntokio = { version = "1", features = ["full"] }\n`
  writeFileSync(
    join(place, 'Cargo.toml'),
    `[package]\nname = "cases"\nversion = "0.1.0"\nedition = "2021"\n[dependencies]\n${needs}`,
  )
  const { account, accountKey, lake } = at
  await makeContainers(readFileSync(join(place, 'src/main.rs'), 'utf8'), at)
  const signature = ['run', '--quiet', '--', lake, account, accountKey]
  const text = await output('cargo', signature, { cwd: place })
  return text
    .split('\n')
    .map((line) => line.split('\t'))
    .flatMap(([outcome, test = '', message = '']) =>
      outcome === 'passed' || outcome === 'failed' ? [{ outcome, test, message }] : [],
    )
}

/** Each case has a container of its own; the crate makes none. */
async function makeContainers(program: string, at: Endpoints): Promise<void> {
  const names = [...program.matchAll(/^ {4}([a-z_]+): \|store\|/gm)].map(([, name = '']) => name)
  const query = `restype=container&${accountSas(at)}`
  for (const name of names) {
    const container = `rust-${name.replaceAll('_', '-')}`
    const { status } = await fetch(`${at.lake}/${container}?${query}`, { method: 'PUT' })
    if (status !== 201) throw new Error(`The container ${container} was not made: ${status}.`)
  }
}

/** @returns the folder of a crate's source, as Cargo has fetched it. */
async function fetched(name: string, version: string, place: string): Promise<string> {
  const asking = join(place, 'asking')
  if (!existsSync(asking)) {
    mkdirSync(join(asking, 'src'), { recursive: true })
    writeFileSync(join(asking, 'src/main.rs'), 'fn main() {}\n')
  }
  writeFileSync(
    join(asking, 'Cargo.toml'),
    `[package]\nname = "asking"\nversion = "0.1.0"\nedition = "2021"\n[dependencies]\n${name} = "=${version}"\n`,
  )
  const told = await done('cargo', ['metadata', '--format-version', '1'], asking)
  const { packages } = JSON.parse(told) as {
    packages: { name: string; version: string; manifest_path: string }[]
  }
  const found = packages.find((one) => one.name === name && one.version === version)
  if (found === undefined) throw new Error(`Cargo did not fetch ${name} ${version}.`)
  return join(found.manifest_path, '..')
}
