/** What doctor looks at on Azure before and beside the pipeline's own services: identity, subscription, region. */
import { type SignedIn, signedIn } from '../azure/resources/identity.ts'
import { providerState, requiredProviders } from '../azure/resources/providers.ts'
import { quotas } from '../azure/resources/quota.ts'
import { createResourceManager, resourceIds } from '../azure/resources/resource-manager.ts'
import { SCOPES } from '../azure/resources/service-clients.ts'
import { nodeOf } from '../pipeline/state/cost.ts'
import type { Check, Finding } from './doctor.ts'
import {
  type AzureDoctorOptions,
  type AzureExamination,
  ifReadable,
  isKind,
  messageOf,
  toldRemedy,
} from './examination.ts'
import { pipelineChecks } from './pipeline.ts'

/** In the order in which they are shown; who is signed in is asked once for all. */
export function azureChecks(options: AzureDoctorOptions): Check[] {
  const { azure, credential, clients } = options
  const ids = resourceIds({
    subscriptionId: azure.subscriptionId ?? '',
    resourceGroup: azure.resourceGroup ?? '',
    eventHubsNamespace: azure.eventHubsNamespace ?? '',
    eventHub: azure.eventHub,
    storageAccount: azure.storageAccount ?? '',
    streamAnalyticsJob: azure.streamAnalyticsJob ?? '',
  })
  let identity: Promise<SignedIn> | undefined
  const examination: AzureExamination = {
    ...options,
    ids,
    manager: createResourceManager(clients.management, ids),
    whoAmI: (signal) => (identity ??= signedIn(credential, SCOPES.management, signal)),
  }
  return [
    signInCheck(examination),
    subscriptionCheck(examination),
    clockCheck(examination),
    providersCheck(examination),
    quotaCheck(examination),
    ...pipelineChecks(examination),
  ]
}

function signInCheck({ azure, whoAmI }: AzureExamination): Check {
  return {
    id: 'sign-in',
    title: 'Sign-in',
    why: 'Every service asks who you are.',
    run: async (signal) => {
      const { name, type, tenantId, latencyMs } = await whoAmI(signal)
      const who = type === 'User' ? name : `application ${name}`
      if (
        azure.tenantId !== undefined &&
        tenantId !== '' &&
        azure.tenantId.toLowerCase() !== tenantId.toLowerCase()
      ) {
        return {
          level: 'failure',
          detail: `${who} is signed in to tenant ${tenantId}, the resources are in ${azure.tenantId}`,
          fix: `az login --tenant ${azure.tenantId}`,
        }
      }
      return { level: 'ok', detail: `${who}, tenant ${tenantId || 'unknown'}`, latencyMs }
    },
  }
}

function subscriptionCheck({ azure, manager }: AzureExamination): Check {
  return {
    id: 'subscription',
    title: 'Subscription',
    why: 'The resources live in it; a disabled one stops them all.',
    needs: 'sign-in',
    run: async (signal) => {
      const login = `az account set --subscription ${azure.subscriptionId}`
      try {
        const { displayName, state, latencyMs } = await manager.subscription(signal)
        if (state === 'Enabled') return { level: 'ok', detail: displayName, latencyMs }
        const level = state === 'Warned' || state === 'PastDue' ? 'warning' : 'failure'
        return {
          level,
          detail: `${displayName} is ${state}`,
          fix: 'See Cost Management + Billing in the Azure portal.',
        }
      } catch (error) {
        if (!isKind(error, 'authorization') && !isKind(error, 'not-found')) throw error
        return {
          level: 'failure',
          detail: `you cannot see ${azure.subscriptionId}: ${messageOf(error)}`,
          fix: toldRemedy(error) ?? login,
        }
      }
    },
  }
}

const MINUTE = 60_000

function clockCheck({ manager, now }: AzureExamination): Check {
  return {
    id: 'clock',
    title: 'Clock',
    why: 'Tokens and signatures are refused when the clocks differ by five minutes; freshness is measured with them.',
    needs: 'subscription',
    run: async (signal) => {
      const { serverTime } = await manager.subscription(signal)
      if (serverTime === undefined) return { level: 'warning', detail: 'the service did not tell the time' }
      // The Date header has whole seconds.
      const skew = now() - serverTime
      const seconds = Math.round(Math.abs(skew) / 1000)
      if (seconds <= 2) return { level: 'ok', detail: 'in step with Azure' }
      const detail = `${seconds} s ${skew > 0 ? 'ahead of' : 'behind'} Azure`
      if (seconds < 30) return { level: 'ok', detail }
      const fix = 'Turn on time synchronisation: timedatectl set-ntp true (Linux), w32tm /resync (Windows).'
      return { level: Math.abs(skew) < 4 * MINUTE ? 'warning' : 'failure', detail, fix }
    },
  }
}

function providersCheck({ azure, clients, ids }: AzureExamination): Check {
  return {
    id: 'providers',
    title: 'Resource providers',
    why: 'Azure refuses to make resources of a provider that the subscription has not registered.',
    needs: 'subscription',
    run: ifReadable('the registration of providers', async (signal) => {
      const names = requiredProviders(azure.synapseEndpoint !== undefined)
      const states = await Promise.all(
        names.map(async (name) => ({
          name,
          state: await providerState(clients.management, ids.subscription, name, signal),
        })),
      )
      const missing = states.filter(({ state }) => state !== 'Registered')
      if (missing.length === 0) return { level: 'ok', detail: `${names.length} registered` }
      return missing.map(
        ({ name, state }): Finding =>
          state === 'Registering'
            ? { level: 'warning', detail: `${name} is being registered`, fix: 'Wait a minute.' }
            : {
                level: 'failure',
                detail: `${name} is ${state}`,
                fix: `az provider register --namespace ${name} --wait`,
              },
      )
    }),
  }
}

function quotaCheck({ azure, clients, ids }: AzureExamination): Check {
  return {
    id: 'quota',
    title: 'vCPU quota',
    why: 'Silver and gold each start a machine; without quota their runs wait in PENDING and then fail. Free trials have 4 cores.',
    needs: 'subscription',
    run: ifReadable('the quota', async (signal) => {
      if (azure.location === undefined)
        return { level: 'warning', detail: 'the region is not known', fix: 'Set azure.location.' }
      const { cores, family } = nodeOf(azure.databricksNodeType)
      const needed = 2 * cores
      const found = await quotas(
        clients.management,
        ids.subscription,
        azure.location,
        ['cores', family],
        signal,
      )
      const url = 'https://portal.azure.com/#view/Microsoft_Azure_Capacity/QuotaMenuBlade/~/myQuotas'
      const short = found.filter(({ used, limit }) => limit - used < needed)
      if (short.length === 0)
        return {
          level: 'ok',
          detail: `${needed} of ${azure.databricksNodeType} needed, enough free in ${azure.location}`,
        }
      return short.map(({ name, used, limit }): Finding => {
        const detail = `${name}: ${used} of ${limit} in use, ${needed} needed in ${azure.location}`
        // Enough in all, but taken: perhaps by these very runs.
        if (limit >= needed)
          return { level: 'warning', detail, fix: 'Stop other machines before starting silver and gold.' }
        return {
          level: 'failure',
          detail,
          fix: `Ask for more at ${url}, or choose a smaller --databricks-node-type.`,
        }
      })
    }),
  }
}
