/**
 * `rtstream-tui prepare`: what must be so before `azd provision` can succeed. A job's input, output and query change only while
 * it is stopped; providers must be registered; names and quota are looked at before an hour goes into finding out.
 */
import { abortableSleep } from '../azure/http/abortable-sleep.ts'
import type { RestClient } from '../azure/http/rest-client.ts'
import {
  providerState,
  regionName,
  regionsOf,
  registerProvider,
  requiredProviders,
} from '../azure/resources/providers.ts'
import { quotas } from '../azure/resources/quota.ts'
import { ServiceError } from '../pipeline/ports/errors.ts'
import { nodeOf } from '../pipeline/state/cost.ts'

/** What azd tells its hooks; a deployment that was never made has no job. */
export interface PrepareSettings {
  subscriptionId: string | undefined
  environmentName: string | undefined
  location: string | undefined
  /** Undefined: that of the rest. */
  synapseLocation: string | undefined
  resourceGroup: string | undefined
  job: string | undefined
  withSynapse: boolean
  nodeType: string
}

export interface PrepareContext {
  settings: PrepareSettings
  /** Azure Resource Manager. */
  management: RestClient
  write: (text: string) => void
  now: () => number
  /** Waits between polls; replaced in tests. */
  sleep?: (ms: number, signal: AbortSignal | undefined) => Promise<void>
  signal?: AbortSignal
}

/** @param env as azd fills it for a hook. */
export function prepareSettings(
  env: Readonly<Record<string, string | undefined>>,
  nodeType: string,
): PrepareSettings {
  const value = (name: string) => env[name]?.trim() || undefined
  return {
    subscriptionId: value('AZURE_SUBSCRIPTION_ID'),
    environmentName: value('AZURE_ENV_NAME'),
    location: value('AZURE_LOCATION'),
    synapseLocation: value('SYNAPSE_LOCATION'),
    resourceGroup: value('AZURE_RESOURCE_GROUP'),
    job: value('STREAM_ANALYTICS_JOB'),
    withSynapse: value('DEPLOY_SYNAPSE')?.toLowerCase() !== 'false',
    nodeType,
  }
}

/** One part of the line at the end. `stops`: going on would fail. `isOpen`: it could not be checked, or is not settled yet. */
interface Part {
  text: string
  stops?: boolean
  isOpen?: boolean
}

const POLL_MS = 5000
const LONGEST_WAIT_MS = 5 * 60_000

/**
 * Writes one line.
 * @returns exit code 0, or 1 when a deployment would certainly fail.
 */
export async function runPrepare(context: PrepareContext): Promise<number> {
  const parts = [nameOf(context.settings)]
  if (!parts[0]?.stops) parts.push(...(await onAzure(context)))
  const isStopped = parts.some(({ stops }) => stops)
  const isOpen = parts.some((part) => part.isOpen)
  const result = isStopped
    ? 'Not ready to deploy'
    : `Ready to deploy${isOpen ? ', as far as was checked' : ''}`
  const texts = parts.map(({ text }) => text).filter(Boolean)
  context.write(`${result}: ${texts.join('; ')}.\n`)
  return isStopped ? 1 : 0
}

/** Of a resource group and of deployments: letters, digits and a few signs, no period at its end. */
const ENVIRONMENT_NAME = /^[\p{L}\p{N}_().-]{0,39}[\p{L}\p{N}_()-]$/u

function nameOf({ environmentName }: PrepareSettings): Part {
  if (environmentName === undefined)
    return { text: 'AZURE_ENV_NAME is not set, so no name was looked at', isOpen: true }
  if (ENVIRONMENT_NAME.test(environmentName)) return { text: `environment ${environmentName}` }
  return {
    text: `the environment name '${environmentName}' cannot name a resource group (at most 40 letters, digits, - _ . and parentheses, no period at its end); make another with azd env new`,
    stops: true,
  }
}

async function onAzure(context: PrepareContext): Promise<Part[]> {
  const { subscriptionId } = context.settings
  if (subscriptionId === undefined)
    return [
      { text: 'AZURE_SUBSCRIPTION_ID is not set, so Azure was not asked; azd env set does it', isOpen: true },
    ]
  const subscription = `/subscriptions/${subscriptionId}`
  const asked = await Promise.all([
    tolerant('providers', context, () => providers(context, subscription)),
    tolerant('the region', context, () => regions(context, subscription)),
    tolerant('the vCPU quota', context, () => quota(context, subscription)),
  ])
  // Last: with all else in order it stands still no longer than it must.
  return [...asked, await stopJob(context, subscription)]
}

/** What cannot be looked at does not hold the deployment up. */
async function tolerant(what: string, { signal }: PrepareContext, look: () => Promise<Part>): Promise<Part> {
  try {
    return await look()
  } catch (error) {
    signal?.throwIfAborted()
    if (!(error instanceof ServiceError)) throw error
    return {
      text: `${what} could not be checked (${error.message}${error.hint ? `; ${error.hint}` : ''})`,
      isOpen: true,
    }
  }
}

async function providers(context: PrepareContext, subscription: string): Promise<Part> {
  const { management, settings, signal, now, sleep = abortableSleep } = context
  const names = requiredProviders(settings.withSynapse)
  const stateOf = (name: string) => providerState(management, subscription, name, signal)
  const states = await Promise.all(names.map(async (name) => ({ name, state: await stateOf(name) })))
  const missing = states.filter(({ state }) => state !== 'Registered')
  const refused: string[] = []
  for (const { name, state } of missing) {
    if (state === 'Registering') continue
    try {
      await registerProvider(management, subscription, name, signal)
    } catch (error) {
      if (!(error instanceof ServiceError) || error.kind !== 'authorization') throw error
      refused.push(name)
    }
  }
  const waiting = new Set(missing.map(({ name }) => name).filter((name) => !refused.includes(name)))
  const newly = waiting.size
  const deadline = now() + LONGEST_WAIT_MS
  while (waiting.size > 0 && now() < deadline) {
    for (const name of waiting) if ((await stateOf(name)) === 'Registered') waiting.delete(name)
    if (waiting.size > 0) await sleep(POLL_MS, signal)
  }
  const registered = names.length - refused.length - waiting.size
  const commands = refused.map((name) => `az provider register --namespace ${name}`)
  return {
    text: [
      `${registered} of ${names.length} providers registered${newly > 0 ? ` (${newly - waiting.size} now)` : ''}`,
      ...(waiting.size > 0 ? [`still being registered: ${[...waiting].join(', ')}`] : []),
      ...(refused.length > 0
        ? [`you may not register the rest, whoever may runs ${commands.join(' && ')}`]
        : []),
    ].join(', '),
    isOpen: waiting.size > 0 || refused.length > 0,
  }
}

/** What the templates make, and not every region has. */
const REGIONAL = [
  ['Microsoft.EventHub', 'namespaces'],
  ['Microsoft.Storage', 'storageAccounts'],
  ['Microsoft.StreamAnalytics', 'streamingjobs'],
  ['Microsoft.Databricks', 'workspaces'],
  ['Microsoft.Synapse', 'workspaces'],
] as const

/** Says something only of what a region lacks: the deployment would be refused after it has begun. */
async function regions(
  { management, settings, signal }: PrepareContext,
  subscription: string,
): Promise<Part> {
  const { location, synapseLocation, withSynapse } = settings
  if (location === undefined) return { text: '' }
  const lacking = await Promise.all(
    REGIONAL.map(async ([namespace, type]) => {
      const isSynapse = namespace === 'Microsoft.Synapse'
      if (isSynapse && !withSynapse) return []
      const region = regionName(isSynapse ? (synapseLocation ?? location) : location)
      const offered = await regionsOf(management, subscription, namespace, type, signal)
      return offered.length === 0 || offered.includes(region) ? [] : [`${namespace}/${type} in ${region}`]
    }),
  )
  const all = lacking.flat()
  if (all.length === 0) return { text: '' }
  return {
    text: `Azure lists no ${all.join(' and no ')} (azd env set AZURE_LOCATION, or SYNAPSE_LOCATION for Synapse alone, chooses another region)`,
    isOpen: true,
  }
}

async function quota({ management, settings, signal }: PrepareContext, subscription: string): Promise<Part> {
  const { location, nodeType } = settings
  if (location === undefined)
    return { text: 'AZURE_LOCATION is not set, so no quota was looked at', isOpen: true }
  const { cores, family } = nodeOf(nodeType)
  const needed = 2 * cores
  const region = regionName(location)
  const found = await quotas(management, subscription, region, ['cores', family], signal)
  const [short] = found.filter(({ used, limit }) => limit - used < needed)
  if (!short) return { text: `${needed} vCPUs free in ${region}` }
  const { name, used, limit } = short
  return {
    text: `too few vCPUs in ${region} for silver and gold (${name}: ${used} of ${limit} in use, ${needed} needed; ask for more under Quotas in the portal)`,
  }
}

/** States in which a job's parts may be changed. */
const AT_REST = ['Created', 'Stopped', 'Failed']

interface JobBody {
  properties?: { jobState?: string }
}

async function stopJob(context: PrepareContext, subscription: string): Promise<Part> {
  const { management, settings, signal, now, sleep = abortableSleep } = context
  const { resourceGroup, job } = settings
  if (resourceGroup === undefined || job === undefined) return { text: 'no job yet' }
  const path = `${subscription}/resourceGroups/${resourceGroup}/providers/Microsoft.StreamAnalytics/streamingjobs/${job}`
  const query = { 'api-version': '2020-03-01' }
  const stateOf = async () =>
    (await management.request<JobBody>('GET', path, { query, signal })).body?.properties?.jobState ??
    'unknown'
  const command = `az stream-analytics job stop --resource-group ${resourceGroup} --job-name ${job}`
  try {
    const before = await stateOf()
    if (AT_REST.includes(before)) return { text: `job ${job} is not running` }
    if (before === 'Deleting')
      return { text: `job ${job} is being deleted; deploy when it is gone`, stops: true }
    if (before !== 'Stopping') await management.request('POST', `${path}/stop`, { query, signal })
    const deadline = now() + LONGEST_WAIT_MS
    while (!AT_REST.includes(await stateOf())) {
      if (now() >= deadline)
        return {
          text: `job ${job} has not stopped after five minutes; deploy again when it has`,
          stops: true,
        }
      await sleep(POLL_MS, signal)
    }
    return { text: `job ${job} was ${before} and is stopped: start it again afterwards (key 2)` }
  } catch (error) {
    signal?.throwIfAborted()
    if (!(error instanceof ServiceError)) throw error
    if (error.kind === 'not-found') return { text: `job ${job} is not there any more` }
    // A running job would answer the deployment with a conflict.
    return {
      text: `whether job ${job} runs is not known (${error.message}); stop it: ${command}`,
      stops: true,
    }
  }
}
