/**
 * Command-line tools that ship no tests of their own: azcopy and azure-cli, from npm and PyPI. Each command is one test, passed
 * when the tool ends without an error and says what is expected; they run in order, on one container.
 */
import { execFile } from 'node:child_process'
import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { accountSas } from './signature.ts'
import { done, type Endpoints, type Suite, type SuiteResult } from './suite.ts'

interface Command {
  args: readonly string[]
  says?: RegExp
  /** What must be there afterwards. @returns undefined when it is, else what is wrong. */
  left?(): string | undefined
}

const AZCOPY = '10.32.2'
const AZ = '2.91.0'
const CONTAINER = 'tools'
const BIG_BYTES = 20_000_000

export const TOOL_SUITES: readonly Suite[] = [
  { name: 'azcopy', version: AZCOPY, run: azcopy },
  { name: 'azure-cli (storage)', version: AZ, run: az },
  { name: 'azure-cli (management)', version: AZ, run: azManagement },
]

async function azcopy(folder: string, at: Endpoints): Promise<SuiteResult[]> {
  const place = join(folder, `azcopy-${AZCOPY}`)
  const up = fixture(place)
  await done(
    'npm',
    ['install', '--prefix', place, '--ignore-scripts', '--no-save', `@azure-tools/azcopy-linux@${AZCOPY}`],
    place,
  )
  const tool = join(place, 'node_modules/@azure-tools/azcopy-linux/dist/bin/azcopy_linux_amd64')
  chmodSync(tool, 0o755)
  const signature = accountSas(at)
  const url = (path: string) => `${at.lake}/${CONTAINER}${path}?${signature}`
  await makeContainer(at, signature)
  const down = (name: string) => join(place, name)
  const same = (name: string) => () =>
    readFileSync(join(up, 'sub/big')).equals(readFileSync(join(down(name), 'sub/big')))
      ? undefined
      : 'differs'
  const finished = /Final Job Status: Completed\n/
  const copy = (...args: string[]) => ({ args: ['copy', ...args], says: finished })
  const env = {
    AZCOPY_LOG_LOCATION: join(place, 'log'),
    AZCOPY_JOB_PLAN_LOCATION: join(place, 'plan'),
    AZCOPY_DISABLE_UPDATE_CHECK: 'true',
  }
  return runAll(tool, place, env, {
    'copy, folder up, Blob': copy(up, url('/blob'), '--recursive', '--from-to=LocalBlob'),
    list: { args: ['list', url(''), '--location=Blob'], says: /up\/sub\/big/ },
    'copy, folder down, Blob': {
      ...copy(url('/blob/up/*'), down('down'), '--recursive', '--from-to=BlobLocal'),
      left: same('down'),
    },
    'sync, nothing to do': { args: ['sync', up, url('/blob/up'), '--from-to=LocalBlob'], says: finished },
    'copy, blob to blob': copy(url('/blob/up/a.txt'), url('/copied.txt'), '--from-to=BlobBlob'),
    'copy, folder to folder': copy(url('/blob/up/sub'), url('/copied'), '--recursive', '--from-to=BlobBlob'),
    'set-properties, metadata': {
      args: ['set-properties', url('/copied.txt'), '--metadata=a=b', '--from-to=BlobNone'],
      says: finished,
    },
    'copy, folder up, DFS': copy(up, url('/dfs'), '--recursive', '--from-to=LocalBlobFS'),
    'copy, folder down, DFS': {
      ...copy(url('/dfs/up/*'), down('down-dfs'), '--recursive', '--from-to=BlobFSLocal'),
      left: same('down-dfs'),
    },
    'remove, folder, DFS': {
      args: ['remove', url('/dfs'), '--recursive', '--from-to=BlobFSTrash'],
      says: finished,
    },
    'remove, one blob': { args: ['remove', url('/copied.txt'), '--from-to=BlobTrash'], says: finished },
    'remove, folder, Blob': {
      args: ['remove', url('/blob'), '--recursive', '--from-to=BlobTrash'],
      says: finished,
    },
  })
}

async function az(folder: string, at: Endpoints): Promise<SuiteResult[]> {
  const place = join(folder, `azure-cli-${AZ}`)
  const file = join(fixture(place), 'a.txt')
  const { tool, quiet } = await azureCli(place)
  const env = { ...quiet, AZURE_STORAGE_CONNECTION_STRING: at.lakeConnectionString }
  const of = (says: RegExp | undefined, words: string): Command => ({
    args: ['storage', ...words.split(' ').map((word) => (word === 'FILE' ? file : word))],
    ...(says && { says }),
  })
  const [blob, path] = [`-c ${CONTAINER}`, `-f ${CONTAINER}`]
  return runAll(tool, place, env, {
    'container create': of(/"created": true/, `container create -n ${CONTAINER}`),
    'container list': of(/"gold"/, 'container list'),
    'blob upload': of(/"etag"/, `blob upload ${blob} -f FILE -n x/a.txt --metadata k=v`),
    'blob list': of(/"x\/a.txt"/, `blob list ${blob}`),
    'blob show': of(/"k": "v"/, `blob show ${blob} -n x/a.txt`),
    'blob download': of(/"x\/a.txt"/, `blob download ${blob} -n x/a.txt -f ${join(place, 'down.txt')}`),
    'blob lease acquire': of(/[0-9a-f-]{36}/, `blob lease acquire ${blob} -b x/a.txt`),
    'blob lease break': of(undefined, `blob lease break ${blob} -b x/a.txt --lease-break-period 0`),
    'blob upload-batch': of(
      /batch\/sub\/big/,
      `blob upload-batch -d ${CONTAINER} -s ${join(place, 'up')} --destination-path batch`,
    ),
    'blob copy start': of(
      /"success"/,
      `blob copy start --source-container ${CONTAINER} --source-blob x/a.txt -c ${CONTAINER} -b copied`,
    ),
    'blob delete-batch': of(undefined, `blob delete-batch -s ${CONTAINER} --pattern batch/*.txt`),
    'fs list': of(/"gold"/, 'fs list'),
    'fs directory create': of(/"etag"/, `fs directory create ${path} -n dir`),
    'fs file upload': of(/"etag"/, `fs file upload ${path} -s FILE -p dir/f.txt`),
    'fs file list': of(/"dir\/f.txt"/, `fs file list ${path}`),
    'fs access set': of(/"etag"/, `fs access set ${path} -p dir/f.txt --permissions rwxr-x---`),
    'fs access show': of(/rwxr-x---/, `fs access show ${path} -p dir/f.txt`),
    'fs file move': of(/g\.txt/, `fs file move ${path} -p dir/f.txt --new-path ${CONTAINER}/dir/g.txt`),
    'fs directory delete': of(undefined, `fs directory delete ${path} -n dir -y`),
    'container delete': of(/"deleted": true/, `container delete -n ${CONTAINER}`),
  })
}

/** Resource Manager's own interface: what is there is read; changes are refused. */
async function azManagement(folder: string, at: Endpoints): Promise<SuiteResult[]> {
  const place = join(folder, `azure-cli-${AZ}`)
  mkdirSync(place, { recursive: true })
  const { python, quiet } = await azureCli(place)
  // A cloud that a run before has registered is at other addresses.
  const settings = join(place, 'settings of the cloud')
  rmSync(settings, { recursive: true, force: true })
  const env = {
    ...quiet,
    AZURE_CONFIG_DIR: settings,
    REQUESTS_CA_BUNDLE: at.certificateFile,
    RTSTREAM_SUITE_TOKEN: at.token,
    RTSTREAM_SUITE_SUBSCRIPTION: at.subscription,
  }
  const az = (words: string, says?: RegExp): Command => ({
    args: [join(import.meta.dirname, 'python/session_az.py'), ...words.split(' ')],
    ...(says && { says }),
  })
  const cloud = { register: `-n local --endpoint-resource-manager ${at.management}`, set: '-n local' }
  const hub = `eventhubs eventhub`
  const space = `-g ${at.resourceGroup} --namespace-name rtstream-local`
  const weather = `${space} --eventhub-name ${at.eventHub}`
  return runAll(python, place, env, {
    'cloud register': az(`cloud register ${cloud.register}`),
    'cloud set': az(`cloud set ${cloud.set}`),
    'account list-locations': az('account list-locations', /"westus"/),
    'group list': az('group list', new RegExp(`"${at.resourceGroup}"`)),
    'group show': az(`group show -n ${at.resourceGroup}`, /"Succeeded"/),
    'resource list': az('resource list', /Microsoft.EventHub\/namespaces/),
    'resource list, of a group': az(`resource list -g ${at.resourceGroup}`, /Microsoft.StreamAnalytics/),
    'resource show': az(
      `resource show -g ${at.resourceGroup} -n ${at.eventHub} --resource-type eventhubs --parent namespaces/rtstream-local --namespace Microsoft.EventHub`,
      /"partitionCount"/,
    ),
    'provider show': az('provider show -n Microsoft.EventHub', /"Registered"/),
    'tag list': az('tag list', /"environment"/),
    'storage account list': az('storage account list', new RegExp(`"${at.account}"`)),
    'storage account show': az(`storage account show -n ${at.account}`, /"isHnsEnabled": true/),
    'synapse workspace list': az('synapse workspace list', /"synw-/),
    'storage account check-name': az(`storage account check-name -n ${at.account}`, /AlreadyExists/),
    'synapse workspace check-name': az('synapse workspace check-name --name mine', /"available": true/),
    'eventhubs namespace exists': az('eventhubs namespace exists --name rtstream-local', /NameInUse/),
    'eventhubs namespace list': az('eventhubs namespace list', /"kafkaEnabled": true/),
    'eventhubs namespace show': az(
      `eventhubs namespace show -g ${at.resourceGroup} -n rtstream-local`,
      /"Active"/,
    ),
    'eventhubs eventhub list': az(`${hub} list ${space}`, new RegExp(`"${at.eventHub}"`)),
    'eventhubs eventhub show': az(`${hub} show ${space} -n ${at.eventHub}`, /"partitionCount": \d/),
    'eventhubs consumer-group list': az(`${hub} consumer-group list ${weather}`, /"monitor"/),
    'eventhubs consumer-group show': az(`${hub} consumer-group show ${weather} -n monitor`, /"monitor"/),
    'eventhubs eventhub create': az(`${hub} create ${space} -n other`),
    'eventhubs consumer-group create': az(`${hub} consumer-group create ${weather} -n mine`),
    'eventhubs eventhub delete': az(`${hub} delete ${space} -n ${at.eventHub}`),
    'eventhubs keys list': az(
      `eventhubs namespace authorization-rule keys list ${space} --name RootManageSharedAccessKey`,
    ),
    'storage account keys list': az(`storage account keys list -n ${at.account} -g ${at.resourceGroup}`),
  })
}

/** @returns the tool, Python with its packages, and settings of its own. */
async function azureCli(place: string) {
  if (!existsSync(join(place, 'venv/bin/az'))) {
    await done('python3', ['-m', 'venv', 'venv'], place)
    await done(
      'venv/bin/pip',
      ['--disable-pip-version-check', 'install', '--quiet', `azure-cli==${AZ}`],
      place,
    )
  }
  const quiet = {
    AZURE_CONFIG_DIR: join(place, 'settings'),
    AZURE_CORE_COLLECT_TELEMETRY: 'no',
    AZURE_CORE_ONLY_SHOW_ERRORS: 'true',
  }
  return { tool: join(place, 'venv/bin/az'), python: join(place, 'venv/bin/python'), quiet }
}

/** @returns a folder with a short file and a long one. */
function fixture(place: string): string {
  const up = join(place, 'up')
  for (const name of ['up', 'down', 'down-dfs']) rmSync(join(place, name), { recursive: true, force: true })
  mkdirSync(join(up, 'sub'), { recursive: true })
  writeFileSync(join(up, 'a.txt'), 'hello\n')
  writeFileSync(join(up, 'sub/big'), Buffer.alloc(BIG_BYTES, 'content of a file '))
  return up
}

async function makeContainer({ lake }: Endpoints, signature: string): Promise<void> {
  const made = await fetch(`${lake}/${CONTAINER}?restype=container&${signature}`, { method: 'PUT' })
  if (made.status !== 201) throw new Error(`${CONTAINER} was not made: ${made.status} ${await made.text()}`)
}

async function runAll(
  tool: string,
  cwd: string,
  env: Record<string, string>,
  commands: Readonly<Record<string, Command>>,
): Promise<SuiteResult[]> {
  const results: SuiteResult[] = []
  for (const [test, { args, says, left }] of Object.entries(commands)) {
    const failure = await promisify(execFile)(tool, [...args], {
      cwd,
      env: { ...process.env, ...env },
      timeout: 120_000,
    }).then(
      ({ stdout }) => (says && !says.test(stdout) ? stdout : left?.()),
      (error: Error & { stdout?: string; stderr?: string }) =>
        `${error.stdout} ${error.stderr} ${error.message}`,
    )
    const message = (failure ?? '').replaceAll(/\s+/g, ' ').slice(-400)
    results.push({ test, outcome: failure === undefined ? 'passed' : 'failed', message })
  }
  return results
}
