import { expect, it } from 'vitest'
import { refusalHint } from '../../../src/azure/errors/refusal-hints.ts'
import { sdkError } from '../../../src/azure/errors/sdk-error.ts'

const [WRONG, RIGHT] = ['11111111-1111-1111-1111-111111111111', '22222222-2222-2222-2222-222222222222']
const OTHER_TENANT = `The access token is from the wrong issuer 'https://sts.windows.net/${WRONG}/'. It must match the tenant 'https://sts.windows.net/${RIGHT}/' associated with this subscription.`

it.each([
  ['InvalidAuthenticationTokenTenant', OTHER_TENANT, `az login --tenant ${RIGHT}`],
  [
    'InvalidAuthenticationTokenTenant',
    `The access token is from the wrong issuer. It must match one of the tenants 'https://sts.windows.net/${RIGHT}/,https://sts.windows.net/x/' associated with this subscription.`,
    `az login --tenant ${RIGHT}`,
  ],
  ['InvalidAuthenticationTokenTenant', 'Another tenant.', 'az login --tenant TENANT'],
  [
    'INVALID_PARAMETER_VALUE',
    `Expected iss claim to be: https://sts.windows.net/${RIGHT}/, but was: https://sts.windows.net/${WRONG}/`,
    `az login --tenant ${RIGHT}`,
  ],
  ['RequestDisallowedByPolicy', "Resource 'control-room' was disallowed by policy.", 'Azure policy'],
  [
    'RequestDisallowedByAzure',
    "Resource 'x' was disallowed by Azure: This policy maintains a set of best available regions",
    'some regions only',
  ],
  [
    'RequestDisallowedByPolicy',
    "Resource 'x' was disallowed by policy. Reasons: 'MFA is required. See https://aka.ms/MFAforAzure'.",
    'second factor',
  ],
  ['RequestDisallowedByAzure', "Resource 'x' was disallowed by Azure: Users must use MFA.", 'second factor'],
  [
    'SubscriptionNotFound',
    "The subscription 'x' could not be found.",
    'az account set --subscription x, or az login',
  ],
  ['ClientIpAddressNotAuthorized', 'Client Ip address : 203.0.113.7', 'rtstream-tui setup'],
  ['403', 'Unauthorized access to Org: 7425332463036443', 'Launch Workspace'],
  ['403', 'Invalid access token. [ReqId: 5c2f]', 'AZURE_TENANT_ID'],
  [
    'PERMISSION_DENIED',
    'This API is disabled for users without the workspace-access entitlement.',
    'entitlement',
  ],
  [
    'PERMISSION_DENIED',
    'User a@b does not have Manage Run or Owner or Admin permissions on job 1001.',
    'Can Manage Run',
  ],
  ['ScopeLocked', 'The scope cannot perform write operation because it is locked.', 'az lock list'],
  ['ReadOnlyDisabledSubscription', 'The subscription is disabled.', 'Cost Management'],
  [
    'PublicNetworkAccessDenied',
    'The public network interface on this Workspace is not accessible.',
    'Networking',
  ],
  [
    '403',
    'Source IP address: 203.0.113.7 is blocked by Databricks IP ACL for workspace: 1',
    'IP access list',
  ],
  [
    'MissingSubscriptionRegistration',
    "The subscription is not registered to use namespace 'Microsoft.Synapse'. See https://aka.ms/rps-not-found",
    'az provider register --namespace Microsoft.Synapse --wait',
  ],
])('%s: %s', (code, message, hint) => {
  expect(refusalHint(code, message)).toContain(hint)
})

it('says nothing of a role that is missing, which others know better', () => {
  expect(refusalHint('AuthorizationFailed', "The client 'x' does not have authorization.")).toBeUndefined()
  expect(refusalHint(undefined, 'Forbidden')).toBeUndefined()
})

it('is heard by the clients of SDKs too', () => {
  const refusal = Object.assign(new Error(OTHER_TENANT), {
    statusCode: 401,
    code: 'InvalidAuthenticationTokenTenant',
  })
  expect(sdkError('Stream Analytics', refusal)).toMatchObject({
    kind: 'authorization',
    needsSignIn: true,
    isExplained: true,
    hint: expect.stringContaining(RIGHT),
  })
})

it.each([
  ['', 'an answer without a reason (500)'],
  ['<html><body>Service unavailable</body></html>', 'an answer without a reason (500)'],
  ['<html><head><title>502 Bad Gateway</title></head></html>', '502 Bad Gateway'],
  [
    '<!DOCTYPE html>\n<body><h2> Our services\n aren\u2019t available </h2>',
    'Our services aren\u2019t available',
  ],
  ['The job is busy.\nTrace: 1', 'The job is busy.'],
])('tells what an answer that is no error of the service says: %j', (message, told) => {
  const error = Object.assign(new Error(message), { statusCode: 500 })
  expect(sdkError('Stream Analytics', error)).toMatchObject({
    message: `Stream Analytics: ${told}`,
    isExplained: false,
  })
})
