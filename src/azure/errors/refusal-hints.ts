/** What to do about a refusal that says its reason itself: it is no missing role, and no role would help. */

/** Of a tenant, in a sentence that names two: the one that it should be. */
const WANTED_TENANT =
  /(?:must match (?:the tenant|one of the tenants)|Expected iss claim to be:?)\D*?sts\.windows\.net\/([0-9a-f-]{36})/i

const HINTS: readonly (readonly [reason: RegExp, hint: string])[] = [
  [
    /RequestDisallowedByAzure/i,
    'Azure lets this subscription into some regions only, as those of students: its Policy page in the portal lists them.',
  ],
  [
    /RequestDisallowedByPolicy|disallowed by policy/i,
    'An Azure policy forbids it: whoever manages the subscription can exempt the resource group.',
  ],
  [
    /ScopeLocked/i,
    'A lock on the resource or its group forbids it: az lock list shows it, an owner removes it.',
  ],
  [
    /ReadOnlyDisabledSubscription/i,
    'The subscription is disabled: see Cost Management + Billing in the Azure portal.',
  ],
  [
    /PublicNetworkAccessDenied|public network interface on this workspace|Public access is not allowed for workspace|Unauthorized network access to workspace/i,
    'The workspace lets nobody in from the public network: run this from inside its network, or allow public access in its Networking settings.',
  ],
  [
    /blocked by Databricks IP ACL/i,
    'The IP access list of the workspace does not hold this address: an administrator of the workspace adds it.',
  ],
]

/**
 * @param code the service's own, as far as it gave one.
 * @param message its sentence.
 * @returns undefined: nothing is known beyond the status.
 */
export function refusalHint(code: string | undefined, message: string): string | undefined {
  const text = `${code} ${message}`
  const tenant = WANTED_TENANT.exec(text)?.[1]
  if (tenant !== undefined || /InvalidAuthenticationTokenTenant/i.test(text))
    return `The sign-in is to another tenant: az login --tenant ${tenant ?? 'TENANT'}, and set AZURE_TENANT_ID to it.`
  const [, provider] = /MissingSubscriptionRegistration.*namespace '([\w.]+)'/i.exec(text) ?? []
  if (provider !== undefined) return `az provider register --namespace ${provider} --wait`
  return HINTS.find(([reason]) => reason.test(text))?.[1]
}
