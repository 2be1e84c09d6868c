/** Hadoop's contract tests and live tests of its ABFS driver, from the test archives on Maven Central; nothing but their settings is ours. */
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { testsIn } from './junit.ts'
import { classPath, trustStore } from './maven.ts'
import { done, type Endpoints, output, type Suite, type SuiteResult } from './suite.ts'

const VERSION = '3.4.2'
const TESTS = 'org.apache.hadoop.fs.azurebfs'
/** Of one test; the slowest that passes takes a quarter of it. */
const HEAP = '-Xmx1g'

const hadoop = (artifact: string, classifier = '') =>
  `org.apache.hadoop:${artifact}:${VERSION}${classifier === '' ? '' : `:${classifier}`}`

const ARTIFACTS = [
  ...['hadoop-azure', 'hadoop-common', 'hadoop-distcp', 'hadoop-mapreduce-client-jobclient'].map((name) =>
    hadoop(name),
  ),
  ...['hadoop-azure', 'hadoop-common', 'hadoop-distcp'].map((name) => hadoop(name, 'tests')),
  // As Hadoop's own build has them.
  'junit:junit:4.13.2',
  'org.mockito:mockito-core:4.11.0',
  'org.assertj:assertj-core:3.12.2',
  'org.junit.vintage:junit-vintage-engine:5.8.2',
  'org.junit.jupiter:junit-jupiter:5.8.2',
  'org.junit.platform:junit-platform-console:1.8.2',
]

/** Not contracts of a file system, but tests without a service. */
const LEFT_OUT = /\.Test|\$|package-info|AbfsFileSystemContract$|ABFSContractTestBinding$/

/** Of the live tests, what is about the file system: not of clusters, Oauth's services, customer keys, WASB or Hadoop's own mocks. */
const LIVE = [
  ...[
    'Append',
    'Attributes',
    'CheckAccess',
    'Checksum',
    'Copy',
    'Create',
    'Delete',
    'FileStatus',
    'Finalize',
  ],
  ...['Flush', 'InitAndCreate', 'Lease', 'ListStatus', 'MainOperation', 'MkDir', 'Permission', 'Rename'],
  ...['RenameUnicode', 'StoreListStatusWithRange'],
].map((name) => `AzureBlobFileSystem${name}`)
const ALSO_LIVE = [
  ...['AzureBlobFilesystemAcl', 'FileSystemInitialization', 'FileSystemProperties', 'SharedKeyAuth'],
  ...['SmallWriteOptimization', 'GetNameSpaceEnabled'],
]

export const HADOOP_SUITES: readonly Suite[] = [
  {
    name: 'hadoop-azure (ABFS contracts)',
    version: VERSION,
    run: (folder, at) =>
      run(folder, at, (name) => name.startsWith(`${TESTS}.contract.`) && !LEFT_OUT.test(name)),
  },
  {
    name: 'hadoop-azure (ABFS, live tests)',
    version: VERSION,
    run: (folder, at) => {
      const classes = new Set([...LIVE, ...ALSO_LIVE].map((name) => `${TESTS}.ITest${name}`))
      return run(folder, at, (name) => classes.has(name))
    },
  },
]

async function run(
  folder: string,
  at: Endpoints,
  isWanted: (className: string) => boolean,
): Promise<SuiteResult[]> {
  const place = join(folder, `hadoop-azure-${VERSION}`)
  const settings = join(place, 'settings')
  const reports = join(place, 'reports')
  mkdirSync(settings, { recursive: true })
  rmSync(reports, { recursive: true, force: true })
  const path = await classPath(place, ARTIFACTS)
  writeFileSync(join(settings, 'azure-auth-keys.xml'), settingsFor(at))
  writeFileSync(join(settings, 'log4j.properties'), 'log4j.rootLogger=OFF\n')
  const store = await trustStore(place, at.certificateFile)
  const archive = path
    .split(delimiter)
    .find((file) => file.endsWith(`hadoop-azure-${VERSION}-tests.jar`)) as string
  const classes = (await done('jar', ['tf', archive], place))
    .split('\n')
    .filter((file) => file.startsWith(`${TESTS.replaceAll('.', '/')}/`) && file.endsWith('.class'))
    .map((file) => file.slice(0, -'.class'.length).replaceAll('/', '.'))
    .filter(isWanted)
  await output(
    'java',
    [
      ...[HEAP, `-Djavax.net.ssl.trustStore=${store}`, '--add-opens', 'java.base/java.lang=ALL-UNNAMED'],
      ...['-cp', [settings, path].join(delimiter), 'org.junit.platform.console.ConsoleLauncher'],
      ...[
        '--disable-banner',
        '--details=none',
        `--reports-dir=${reports}`,
        ...classes.flatMap((name) => ['-c', name]),
      ],
    ],
    { cwd: place },
  )
  return readdirSync(reports).flatMap((file) => testsIn(readFileSync(join(reports, file), 'utf8')))
}

function settingsFor({ account, accountKey, lakeTls }: Endpoints): string {
  const host = `${account}.dfs.core.windows.net`
  const settings = {
    'fs.azure.abfs.account.name': host,
    'fs.azure.abfs.endpoint': new URL(lakeTls).host,
    [`fs.azure.account.key.${host}`]: accountKey,
    [`fs.azure.account.auth.type.${host}`]: 'SharedKey',
    'fs.azure.account.auth.type': 'SharedKey',
    'fs.azure.account.hns.enabled': 'true',
    'fs.azure.test.namespace.enabled': 'true',
    'fs.azure.ssl.channel.mode': 'Default_JSSE',
    'fs.contract.test.fs.abfs': `abfs://contract@${host}`,
    'fs.contract.test.fs.abfss': `abfss://contract@${host}`,
    // A failure is told at once, not after half an hour.
    'fs.azure.io.retry.max.retries': '1',
  }
  const properties = Object.entries(settings).map(
    ([name, value]) => `<property><name>${name}</name><value>${value}</value></property>`,
  )
  return `<configuration>${properties.join('')}</configuration>`
}
