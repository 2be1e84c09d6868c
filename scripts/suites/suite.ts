/** What a suite of somebody else's tests is to the runner. */
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'

/** Addresses and keys of the program that is tested, as `serve --json` prints them. */
export interface Endpoints {
  account: string
  accountKey: string
  /** http, with the account in its path. */
  lake: string
  lakeTls: string
  lakeConnectionString: string
  management: string
  databricks: string
  subscription: string
  resourceGroup: string
  eventHub: string
  eventHubsConnectionString: string
  /** `sb://`, with TLS. */
  eventHubsTls: string
  streamAnalyticsJob: string
  token: string
  certificateFile: string
}

export interface SuiteResult {
  test: string
  outcome: 'passed' | 'failed' | 'skipped'
  /** Of a failure: its first lines. */
  message: string
}

/** Tests of somebody else, in a fixed version. */
export interface Suite {
  name: string
  /** Of the package that the tests are from. */
  version: string
  /** @param folder for what is fetched and made; it may hold what a run before has fetched. */
  run(folder: string, at: Endpoints): Promise<SuiteResult[]>
}

const MAX_OUTPUT_BYTES = 256 * 1024 * 1024

/** @returns what it printed, whatever its exit code. @throws when it cannot be started. */
export async function output(
  command: string,
  args: readonly string[],
  options: { cwd: string; env?: Record<string, string> },
): Promise<string> {
  try {
    const { stdout } = await promisify(execFile)(command, [...args], {
      cwd: options.cwd,
      env: { ...process.env, ...options.env },
      maxBuffer: MAX_OUTPUT_BYTES,
    })
    return stdout
  } catch (error) {
    const { stdout, code } = error as { stdout?: string; code?: unknown }
    // A suite that has failures ends with another code than 0.
    if (typeof code === 'number' && stdout !== undefined) return stdout
    throw error
  }
}

/** The same, of what must succeed. */
export async function done(command: string, args: readonly string[], cwd: string): Promise<string> {
  const { stdout } = await promisify(execFile)(command, [...args], { cwd, maxBuffer: MAX_OUTPUT_BYTES })
  return stdout
}
