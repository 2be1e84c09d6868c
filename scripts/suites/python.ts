/** Suites from PyPI's source archives, or the wheels that hold their tests, run by pytest; what they import of Azure's private helpers stands in ./python. */
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { testsIn } from './junit.ts'
import { done, type Endpoints, output, type Suite, type SuiteResult } from './suite.ts'

interface PythonSuite {
  name: string
  version: string
  /** Folder of the tests in the source archive; undefined: they are part of what is installed. */
  tests?: string
  /** Or, of what is installed, modules and pytest's options. */
  files: readonly string[]
  /** Further packages that the tests import. */
  needs: readonly string[]
  /** It presumes an account without containers: those of ours are deleted first. */
  isAlone?: true
  /** It presumes an account whose logging is on; its packages can set that. */
  isLogged?: true
  /** Puts addresses and keys into the tests' own settings. @param folder of the unpacked archive. */
  settle?(folder: string, at: Endpoints): void
}

const HELPERS = join(import.meta.dirname, 'python')
const PYTEST = ['pytest==8.4.2', 'pytest-asyncio==1.2.0', 'pytest-timeout==2.4.0', 'pytest-mock==3.15.1']

/** Of one test: three gigabytes go up in one of them. */
const LONGEST_S = 900

const files = (...names: string[]) => names.map((name) => `test_${name}.py`)

export const PYTHON_SUITES: readonly Suite[] = [
  {
    name: 'azure-storage-file-datalake',
    version: '12.26.1',
    tests: 'tests',
    isLogged: true as const,
    files: files('file', 'directory', 'file_system', 'datalake_service_client', 'cpk', 'quick_query'),
    needs: ['azure-storage-blob==12.31.1', 'aiohttp', 'pyjwt', 'requests'],
  },
  {
    name: 'azure-storage-blob',
    version: '12.31.1',
    tests: 'tests',
    isLogged: true as const,
    files: files(
      ...['append_blob', 'blob_access_conditions', 'block_blob', 'common_blob', 'container', 'get_blob'],
      ...['blob_service_properties', 'blob_service_stats'],
    ),
    needs: ['aiohttp', 'pyjwt', 'requests', 'azure-mgmt-storage'],
  },
  {
    name: 'adlfs',
    version: '2026.8.0',
    tests: '.',
    files: ['adlfs/tests'],
    isAlone: true,
    needs: ['aiohttp', 'numpy', 'pandas', 'dask[dataframe]', 'pyarrow', 'python-dotenv'],
    settle(folder, at) {
      const file = join(folder, 'adlfs/tests/constants.py')
      const text = readFileSync(file, 'utf8')
      const set = (name: string, value: string) => (before: string) =>
        before.replace(new RegExp(`^${name} = .*$`, 'm'), `${name} = ${JSON.stringify(value)}`)
      const address = new URL(at.lake)
      const settings = [set('HOST', address.host), set('ACCOUNT_NAME', at.account), set('KEY', at.accountKey)]
      writeFileSync(
        file,
        settings.reduce((before, change) => change(before), text),
      )
    },
  } satisfies PythonSuite,
  {
    name: 'pyarrow',
    version: '25.0.0',
    files: ['--pyargs', 'pyarrow.tests.test_fs', '-k', 'azure'],
    needs: ['pytest-lazy-fixtures', 'hypothesis', 'pandas', 'pytz', 'cloudpickle', 'fsspec'],
  },
].map((suite) => ({ ...suite, run: (folder, at) => run(suite, folder, at) }))

async function run(suite: PythonSuite, folder: string, at: Endpoints): Promise<SuiteResult[]> {
  const { name, version, needs } = suite
  const place = join(folder, `${name}-${version}`)
  const python = join(place, 'venv', process.platform === 'win32' ? 'Scripts/python.exe' : 'bin/python')
  if (!existsSync(join(place, 'ready'))) {
    mkdirSync(place, { recursive: true })
    await done('python3', ['-m', 'venv', 'venv'], place)
    const pip = (...args: string[]) =>
      done(python, ['-m', 'pip', '--disable-pip-version-check', ...args], place)
    await pip('install', '--quiet', `${name}==${version}`, ...needs, ...PYTEST)
    if (suite.tests !== undefined) {
      await pip('download', '--quiet', '--no-deps', '--no-binary', ':all:', `${name}==${version}`)
      const archive = readdirSync(place).find((file) => file.endsWith('.tar.gz')) as string
      await done('tar', ['xzf', archive], place)
    }
    writeFileSync(join(place, 'ready'), '')
  }
  const cwd = suite.tests === undefined ? place : join(copyOf(place, suite, at), suite.tests)
  const report = join(place, 'report.xml')
  await output(
    python,
    [
      ...[
        '-m',
        'pytest',
        '-q',
        '--timeout',
        String(LONGEST_S),
        '-p',
        'rtstream_suite',
        '-p',
        'no:cacheprovider',
      ],
      ...['-o', 'asyncio_mode=auto', '-o', 'junit_logging=no', `--junitxml=${report}`, ...suite.files],
    ],
    {
      cwd,
      env: {
        ...environment(at, cwd),
        ...(suite.isAlone && { RTSTREAM_SUITE_EMPTY: at.lakeConnectionString }),
        ...(suite.isLogged && { RTSTREAM_SUITE_LOGGED: at.lakeConnectionString }),
      },
    },
  )
  return testsIn(readFileSync(report, 'utf8'))
}

/** @returns the folder of a copy of the source archive, with our addresses in it. */
function copyOf(place: string, { settle }: PythonSuite, at: Endpoints): string {
  const unpacked = readdirSync(place, { withFileTypes: true }).find(
    (entry) => entry.isDirectory() && /-\d/.test(entry.name),
  )?.name as string
  const tests = join(place, 'run')
  cpSync(join(place, unpacked), tests, { recursive: true })
  settle?.(tests, at)
  return tests
}

const environment = (at: Endpoints, tests: string): Record<string, string> => ({
  AZURE_TEST_RUN_LIVE: 'true',
  AZURE_SKIP_LIVE_RECORDING: 'true',
  PYARROW_TEST_AZURE: 'ON',
  RTSTREAM_SUITE_LAKE: at.lakeTls,
  RTSTREAM_SUITE_PLAIN: at.lake,
  RTSTREAM_SUITE_ACCOUNT: at.account,
  RTSTREAM_SUITE_KEY: at.accountKey,
  RTSTREAM_SUITE_TOKEN: at.token,
  REQUESTS_CA_BUNDLE: at.certificateFile,
  SSL_CERT_FILE: at.certificateFile,
  PYTHONPATH: [HELPERS, tests].join(process.platform === 'win32' ? ';' : ':'),
})
