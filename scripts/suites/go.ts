/** azdatalake's live tests, which lie in its Go module: the copy's addresses are rewritten, nothing else. */
import { chmodSync, cpSync, existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { done, type Endpoints, output, type Suite, type SuiteResult } from './suite.ts'

const MODULE = 'github.com/Azure/azure-sdk-for-go/sdk/storage/azdatalake'
const VERSION = '1.5.0'
const PACKAGES = ['directory', 'file', 'filesystem', 'lease', 'service', 'sas']

/** Go's source of a credential that gives the session's token, for tests that would sign in with Microsoft Entra. */
export const sessionSource = (packageName: string): string => `package ${packageName}

import (
	"context"
	"os"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
)

type session struct{}

func (session) GetToken(context.Context, policy.TokenRequestOptions) (azcore.AccessToken, error) {
	return azcore.AccessToken{Token: os.Getenv("RTSTREAM_SUITE_TOKEN"), ExpiresOn: time.Now().Add(time.Hour)}, nil
}
`

export const GO_SUITES: readonly Suite[] = [{ name: 'azdatalake (Go)', version: VERSION, run }]

async function run(folder: string, at: Endpoints): Promise<SuiteResult[]> {
  const copy = await moduleCopy(folder, MODULE, VERSION)
  rewrite(copy, at)
  writeFileSync(join(copy, 'internal/testcommon/session.go'), sessionSource('testcommon'))
  const env = {
    AZURE_RECORD_MODE: 'live',
    // Nothing is recorded, so no proxy is started.
    PROXY_MANUAL_START: 'true',
    SSL_CERT_FILE: at.certificateFile,
    ...Object.fromEntries(
      ['', 'SECONDARY_', 'PREMIUM_', 'SOFT_DELETE_', 'DATALAKE_', 'IMMUTABLE_'].flatMap((kind) => [
        [`${kind}AZURE_STORAGE_ACCOUNT_NAME`, at.account],
        [`${kind}AZURE_STORAGE_ACCOUNT_KEY`, at.accountKey],
      ]),
    ),
    DATALAKE_AZURE_STORAGE_ENCRYPTION_SCOPE: 'none',
    RTSTREAM_SUITE_TOKEN: at.token,
    SUBSCRIPTION_ID: 'none',
    RESOURCE_GROUP_NAME: 'none',
  }
  const args = ['test', '-json', '-count=1', '-timeout', '30m', ...PACKAGES.map((name) => `./${name}`)]
  return testsIn(await output('go', args, { cwd: copy, env }))
}

/** @returns the folder of a fresh copy of a module, which may be changed. */
export async function moduleCopy(folder: string, module: string, version: string): Promise<string> {
  const copy = join(folder, `${module.split('/').findLast((part) => !/^v\d/.test(part))}-${version}`)
  const got = JSON.parse(await done('go', ['mod', 'download', '-json', `${module}@v${version}`], folder))
  if (existsSync(copy)) rmSync(copy, { recursive: true, force: true })
  cpSync((got as { Dir: string }).Dir, copy, { recursive: true })
  for (const entry of readdirSync(copy, { recursive: true, withFileTypes: true }))
    chmodSync(join(entry.parentPath, entry.name), entry.isDirectory() ? 0o755 : 0o644)
  chmodSync(copy, 0o755)
  return copy
}

/** The files of tests, and those of a folder of helpers. */
export const testFiles = (folder: string, helpers: string): string[] =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter(
      (entry) =>
        entry.isFile() && (entry.name.endsWith('_test.go') || entry.parentPath === join(folder, helpers)),
    )
    .map((entry) => join(entry.parentPath, entry.name))

/** The account's addresses stand in the tests as they are on Azure. */
function rewrite(folder: string, at: Endpoints): void {
  for (const file of testFiles(folder, 'internal/testcommon')) {
    const text = readFileSync(file, 'utf8')
    // Go's client takes the first part of a path for the account only where the host is a number.
    const here = new URL(at.lakeTls).host.replace('localhost', '127.0.0.1')
    const changed = text
      .replace('return credential.New(nil)', 'return session{}, nil')
      .replace(/^\s*"github.com\/Azure\/azure-sdk-for-go\/sdk\/internal\/test\/credential"\n/m, (line) =>
        text.includes('return credential.New(nil)') ? '' : line,
      )
      .replace(/("https:\/\/)(" ?\+ ?[\w.()]+ ?\+ ?")\.(?:dfs|blob)\.core\.windows\.net/g, `$1${here}/$2`)
      .replace(/https:\/\/%s\.(?:dfs|blob)\.core\.windows\.net/g, `https://${here}/%s`)
    if (changed !== text) writeFileSync(file, changed)
  }
}

/** @param text `go test -json`: one object a line. Only tests without tests below them count. */
export function testsIn(text: string): SuiteResult[] {
  const said = new Map<string, string[]>()
  const begun = new Set<string>()
  const results: SuiteResult[] = []
  for (const line of text.split('\n')) {
    if (!line.startsWith('{')) continue
    const { Action, Package = '', Test, Output = '' } = JSON.parse(line) as Record<string, string>
    if (Test === undefined) continue
    const test = `${Package.split('/').at(-1)}.${Test}`
    if (Action === 'output') said.set(test, [...(said.get(test) ?? []), Output])
    const outcome = { pass: 'passed', fail: 'failed', skip: 'skipped' }[Action ?? ''] as
      | SuiteResult['outcome']
      | undefined
    if (Action === 'run') begun.add(test)
    if (outcome) begun.delete(test)
    if (outcome) results.push({ test, outcome, message: gist(said.get(test) ?? []) })
  }
  // Of a test that waits until its program is stopped, Go prints no end.
  for (const test of begun) results.push({ test, outcome: 'failed', message: 'it did not end' })
  const names = results.map(({ test }) => test)
  return results.filter(({ test }) => !names.some((other) => other.startsWith(`${test}/`)))
}

const gist = (lines: readonly string[]) =>
  lines
    .map((line) => line.trim())
    .filter((line) => /Error|ERROR|expected|actual|RESPONSE|Message|local lake/i.test(line))
    .join(' ')
    .slice(0, 400)
