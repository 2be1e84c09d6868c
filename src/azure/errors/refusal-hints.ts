/** What to do about a refusal that says its reason itself: it is no missing role, and no role would help. */

/** Of a tenant, in a sentence that names two: the one that it should be. */
const WANTED_TENANT =
  /(?:must match (?:the tenant|one of the tenants)|Expected iss claim to be:?)\D*?sts\.windows\.net\/([0-9a-f-]{36})/i

const HINTS: readonly (readonly [reason: RegExp, hint: string])[] = [
  // Comes with the codes of policies, but whoever signs in so needs nobody's leave.
  [
    /MFA is required|must (?:use|authenticate (?:with|through)) (?:MFA|multi-?factor)|aka\.ms\/mfaforazure/i,
    'Azure asks for a sign-in with a second factor: az logout, az login with that factor; or run this as a service principal.',
  ],
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
    /ClientIpAddressNotAuthorized/i,
    'The firewall of the workspace does not let this machine in: rtstream-tui setup adds its address.',
  ],
  [
    /Unauthorized access to Org|Invalid access to Org|Error 403 User not authorized/i,
    'The workspace does not know you: open it once from the Azure portal ("Launch Workspace") with the same account.',
  ],
  [
    /(?:403|PERMISSION_DENIED|UNAUTHENTICATED) Invalid (?:access )?token\b/i,
    'The workspace does not take this sign-in: az login, to the tenant of the workspace (AZURE_TENANT_ID).',
  ],
  [
    /without the ([\w-]+) entitlement/i,
    'An administrator of the workspace gives you that entitlement, in its settings under Identity and access.',
  ],
  [
    /does not have .*permissions? on job\b/i,
    'The owner of the job lets you run it (Can Manage Run), under Jobs & Pipelines in the workspace.',
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
  const [, unseen] = /SubscriptionNotFound.*subscription '([\w-]+)'/i.exec(text) ?? []
  if (unseen !== undefined)
    return `az account set --subscription ${unseen}, or az login with an account that sees it.`
  return HINTS.find(([reason]) => reason.test(text))?.[1]
}
