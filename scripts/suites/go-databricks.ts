/**
 * Databricks' SDK for Go. Its module carries live tests; those of jobs and of the workspace are run, and cases of ours beside them. Go's
 * module proxy gives out older versions only, of which this is the newest.
 */
import { cpSync } from 'node:fs'
import { join } from 'node:path'
import { moduleCopy, testsIn } from './go.ts'
import { type Endpoints, output, type Suite, type SuiteResult } from './suite.ts'

const MODULE = 'github.com/databricks/databricks-sdk-go'
const VERSION = '0.80.0'
/** By name, the SDK's own and ours; of the workspace those of its files, not of its settings. */
const TESTS = '^Test(AccJobs|AccWorkspace(Integration|Upload|Recursive)|Local)'

export const GO_DATABRICKS_SUITES: readonly Suite[] = [{ name: 'databricks-sdk-go', version: VERSION, run }]

async function run(folder: string, at: Endpoints): Promise<SuiteResult[]> {
  const copy = await moduleCopy(folder, MODULE, VERSION)
  cpSync(join(import.meta.dirname, 'go/jobs_test.go'), join(copy, 'internal/local_jobs_test.go'))
  const env = {
    CLOUD_ENV: 'local',
    DATABRICKS_HOST: at.databricks,
    DATABRICKS_TOKEN: at.token,
    DATABRICKS_AUTH_TYPE: 'pat',
    SSL_CERT_FILE: at.certificateFile,
  }
  const args = ['test', '-json', '-count=1', '-timeout', '10m', '-run', TESTS, './internal']
  return testsIn(await output('go', args, { cwd: copy, env }))
}
