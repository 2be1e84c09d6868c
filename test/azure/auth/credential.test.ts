/** Tokens of whoever is signed in with the Azure CLI, which a script stands in for: the SDK runs it as it runs the real one. */
import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { afterAll, afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { azureCredential } from '../../../src/azure/auth/credential.ts'
import { keepingTokens } from '../../../src/azure/auth/token-keeper.ts'
import { hubError } from '../../../src/azure/errors/event-hubs-error.ts'
import { sdkError } from '../../../src/azure/errors/sdk-error.ts'
import { signInError } from '../../../src/azure/errors/sign-in-error.ts'
import { createRestClient } from '../../../src/azure/http/rest-client.ts'
import { ServiceError } from '../../../src/pipeline/ports/errors.ts'
import { temporaryFolder } from '../../support/cli.ts'
import { expiredToken, type FaultProxy, startFaultProxy } from '../../support/fault-proxy.ts'

const TENANT = '11111111-2222-3333-4444-555555555555'
const SCOPE = 'https://management.azure.com/.default'

const folder = temporaryFolder()
const log = join(folder.path, 'calls')
let proxy: FaultProxy

/** What `az account get-access-token` does from now on. */
function az(script: string): void {
  writeFileSync(join(folder.path, 'az'), `#!/bin/sh\necho "$@" >> '${log}'\n${script}\n`)
  chmodSync(join(folder.path, 'az'), 0o755)
}
const token = (name: string, seconds = 3600) =>
  az(`echo '{"accessToken":"${name}","expires_on":${Math.floor(Date.now() / 1000) + seconds}}'`)
const refusal = (text: string) => az(`cat >&2 <<'END'\n${text}\nEND\nexit 1`)
const calls = () => (existsSync(log) ? readFileSync(log, 'utf8').trim().split('\n').length : 0)

beforeEach(async () => {
  vi.stubEnv('PATH', `${folder.path}${delimiter}${process.env.PATH}`)
  vi.stubEnv('AZURE_TOKEN_CREDENTIALS', 'AzureCliCredential')
  writeFileSync(log, '')
  proxy = await startFaultProxy({
    handler: ({ headers }) => ({ status: 200, body: { shown: headers.authorization } }),
  })
})
afterEach(async () => {
  vi.unstubAllEnvs()
  await proxy.close()
})
afterAll(() => folder.remove())

async function client() {
  const credential = await azureCredential(TENANT)
  return createRestClient({ service: 'Databricks', endpoint: proxy.url, credential, scope: SCOPE })
}
const failureOf = async (work: Promise<unknown>): Promise<ServiceError> => {
  const error: unknown = await work.catch((thrown) => thrown)
  if (error instanceof ServiceError) return error
  throw new Error('it did not fail as a service', { cause: error })
}

describe('a token', () => {
  it('is asked for once, however many calls show it', async () => {
    token('one')
    const { request } = await client()
    await Promise.all([request('GET', '/a'), request('GET', '/b')])
    for (let call = 0; call < 5; call++) await request('GET', '/c')
    expect(calls()).toBe(1)
    expect(proxy.requests.map(({ headers }) => headers.authorization)).toEqual(Array(7).fill('Bearer one'))
  })

  it('that is about to expire is replaced', async () => {
    token('short', 200)
    const { request } = await client()
    await request('GET', '/a')
    token('next')
    expect((await request<{ shown: string }>('GET', '/b')).body.shown).toBe('Bearer next')
  })

  it('that is about to expire still serves while there is no new one', async () => {
    token('short', 200)
    const { request } = await client()
    await request('GET', '/a')
    refusal("ERROR: HTTPSConnectionPool(host='login.microsoftonline.com', port=443): Max retries exceeded")
    expect((await request<{ shown: string }>('GET', '/b')).body.shown).toBe('Bearer short')
  })

  it('that a service refuses is forgotten: after az login the next call shows the new one', async () => {
    token('old')
    const { request } = await client()
    proxy.inject({ times: 1, respond: expiredToken })
    expect(await failureOf(request('GET', '/a'))).toMatchObject({ kind: 'authorization' })
    token('new')
    expect((await request<{ shown: string }>('GET', '/a')).body.shown).toBe('Bearer new')
    expect(calls()).toBe(2)
  })

  it('is waited for by each as long as it likes', async () => {
    const inner = Promise.withResolvers<{ token: string; expiresOnTimestamp: number }>()
    const keeper = keepingTokens({ getToken: () => inner.promise }, { now: () => 0, tenantId: undefined })
    const hasty = new AbortController()
    const first = keeper.getToken(SCOPE, { abortSignal: hasty.signal })
    const second = keeper.getToken(SCOPE)
    hasty.abort(new Error('enough'))
    await expect(first).rejects.toThrow('enough')
    inner.resolve({ token: 'late', expiresOnTimestamp: 3_600_000 })
    expect(await second).toMatchObject({ token: 'late' })
  })
})

describe('no token', () => {
  const EXPIRED = `ERROR: AADSTS700082: The refresh token has expired due to inactivity. The token was issued on 2026-01-01. Trace ID: 1234
Interactive authentication is needed. Please run:
az login --scope ${SCOPE}`

  it('because the sign-in has run out says so, with the command that the CLI names', async () => {
    refusal(EXPIRED)
    const error = await failureOf((await client()).request('GET', '/a'))
    expect(error).toMatchObject({
      kind: 'authorization',
      message: 'no token for Databricks: AADSTS700082: The refresh token has expired due to inactivity.',
      hint: `az login --scope ${SCOPE}`,
    })
  })

  it.each<[string, () => void]>([
    ['nobody is signed in', () => refusal("ERROR: Please run 'az login' to setup account.")],
    ['there is no CLI', () => vi.stubEnv('PATH', '/nowhere')],
  ])('because %s names the tenant to sign in to', async (_, arrange) => {
    arrange()
    expect(await failureOf((await client()).request('GET', '/a'))).toMatchObject({
      kind: 'authorization',
      message: 'no token for Databricks: nobody is signed in, or the sign-in has run out',
      hint: `az login --tenant ${TENANT}`,
    })
  })

  it('because the network is away is no refusal: it is asked for again', async () => {
    refusal(
      "ERROR: HTTPSConnectionPool(host='login.microsoftonline.com', port=443): Max retries exceeded with url: /x",
    )
    expect(await failureOf((await client()).request('GET', '/a'))).toMatchObject({
      kind: 'unreachable',
      message: expect.stringContaining('Microsoft Entra cannot be reached'),
    })
  })

  it('is told in the same words by every kind of client', () => {
    const error = signInError(
      Object.assign(new Error('ChainedTokenCredential authentication failed.'), {
        name: 'AggregateAuthenticationError',
        errors: [
          new Error('EnvironmentCredential is unavailable. No underlying credential could be used.'),
          new Error('ManagedIdentityCredential: Authentication failed. network_error: ECONNREFUSED'),
          new Error(EXPIRED),
          new Error("Azure Developer CLI couldn't be found."),
        ],
      }),
      TENANT,
    )
    expect(error.message).toMatch(/AADSTS700082/)
    expect(sdkError('Stream Analytics', error)).toMatchObject({ message: error.message, hint: error.hint })
    expect(hubError(error)).toMatchObject({ message: error.message, hint: error.hint })
  })

  it.each([
    [
      'AADSTS700213',
      "No matching federated identity record found for presented assertion subject 'a'",
      'federated credential',
    ],
    [
      'AADSTS70021',
      'No matching federated identity record found for presented assertion',
      'federated credential',
    ],
    ['AADSTS7002138', 'No matching federated identity record found', 'federated credential'],
    ['AADSTS700024', 'Client assertion is not within its valid time range', 'clock'],
    ['AADSTS7000222', 'The provided client secret keys are expired', 'AZURE_CLIENT_SECRET'],
    ['AADSTS700016', "Application with identifier 'a' was not found in the directory 'b'", 'AZURE_TENANT_ID'],
    ['AADSTS53003', 'Access has been blocked by Conditional Access policies', 'policy of the tenant'],
  ])('for %s names what another sign-in would not mend', (code, sentence, words) => {
    const refused = new Error(
      `invalid_client: ${code.slice(6)} - [2026-11-29 10:00:00Z]: ${code}: ${sentence}. Trace ID: 1 Correlation ID: 2`,
    )
    const error = Object.assign(new Error('ChainedTokenCredential authentication failed.'), {
      name: 'AggregateAuthenticationError',
      errors: [
        new Error('EnvironmentCredential is unavailable. No underlying credential could be used.'),
        refused,
        new Error(
          "Please run 'az login' from a command prompt to authenticate before using this credential.",
        ),
      ],
    })
    expect(signInError(error, TENANT)).toMatchObject({
      kind: 'authorization',
      message: `${code}: ${sentence}.`,
      hint: expect.stringContaining(words),
    })
  })

  it.each([
    ['Identity not found', 'identity not found'],
    [
      'Multiple user assigned identities exist, please specify the clientId',
      'multiple user assigned identities',
    ],
  ])('because a machine’s own identity is refused says so: %s', (sentence, words) => {
    const error = Object.assign(new Error('ChainedTokenCredential authentication failed.'), {
      name: 'AggregateAuthenticationError',
      errors: [
        new Error(
          `ManagedIdentityCredential: Authentication failed. Message invalid_request: 400 - [x]: ${sentence} - Correlation ID: 1`,
        ),
        new Error(
          "Please run 'az login' from a command prompt to authenticate before using this credential.",
        ),
      ],
    })
    const { message, hint } = signInError(error, TENANT)
    expect(message).toContain(`managed identity of this machine is refused: ${words}`)
    expect(hint).toMatch(/^az login --tenant .* AZURE_CLIENT_ID/)
  })

  it('where there is no service of identities nothing is said of one', () => {
    const error = Object.assign(new Error('ChainedTokenCredential authentication failed.'), {
      errors: [
        new Error(
          'ManagedIdentityCredential: Authentication failed. Message Attempted to use the IMDS endpoint, but it is not available.',
        ),
      ],
    })
    expect(signInError(error, TENANT).message).toBe('nobody is signed in, or the sign-in has run out')
  })

  it('for an application names its variables', () => {
    const error = Object.assign(
      new Error(
        'invalid_client: Error(s): 7000215 - Description: AADSTS7000215: Invalid client secret.\nmore',
      ),
      { name: 'AuthenticationError' },
    )
    expect(signInError(error, TENANT)).toMatchObject({
      message: expect.stringContaining('Invalid client secret'),
      hint: expect.stringContaining('AZURE_CLIENT_SECRET'),
    })
  })
})
