/** The firewall of a Synapse workspace; by default it blocks everybody outside Azure. */
import { ServiceError } from '../../pipeline/ports/errors.ts'
import { abortableSleep } from '../http/abortable-sleep.ts'
import { type RestClient, statusCause } from '../http/rest-client.ts'
import type { ProvisioningStep, Standing } from './provisioning.ts'

/** The same name as in infra/modules/synapse.bicep. */
export const FIREWALL_RULE = 'control-room'
/** The steps of Synapse name it as what must come before them. */
export const FIREWALL_STEP = `Synapse firewall rule ${FIREWALL_RULE}`

/**
 * Our address as the service sees it, which only its error tells us; undefined when the firewall was not the
 * cause.
 */
export function firewallRefusal(error: unknown): { address: string | undefined } | undefined {
  if (!(error instanceof ServiceError) || error.kind !== 'authorization') return undefined
  const address = /\b\d{1,3}(?:\.\d{1,3}){3}\b/.exec(error.message)?.[0]
  const isFirewall = /ClientIp|firewall/i.test(`${statusCause(error)?.code} ${error.message}`)
  return address !== undefined || isFirewall ? { address } : undefined
}

/** The rule is made through ARM; whether it lets us in, only the workspace tells. */
export interface FirewallOptions {
  synapse: RestClient
  management: RestClient
  /** Resource id. */
  workspace: string
  pipeline: string
  /** Waits between checks; replaced in tests. */
  sleep?: (ms: number, signal: AbortSignal | undefined) => Promise<void>
}

/** A new rule takes a minute or two to apply: number of checks, and wait between them (ms). */
const MOST_LOOKS = 60
const LOOK_EVERY_MS = 5000

/** Lets this machine in, if the workspace blocks it. */
export function firewallStep(options: FirewallOptions): ProvisioningStep {
  const { synapse, management, workspace, pipeline, sleep = abortableSleep } = options
  let address: string | undefined

  const inspect = async (signal: AbortSignal | undefined): Promise<Standing> => {
    try {
      const path = `/pipelines/${encodeURIComponent(pipeline)}`
      await synapse.request('GET', path, { query: { 'api-version': '2020-12-01' }, signal })
      return 'same'
    } catch (error) {
      const refusal = firewallRefusal(error)
      if (refusal) {
        address = refusal.address
        return 'absent'
      }
      // Other problems are reported by the step that meets them.
      if (error instanceof ServiceError && !error.needsSignIn && isAnswer(error)) return 'same'
      throw error
    }
  }

  return {
    what: FIREWALL_STEP,
    inspect,
    apply: async (signal) => {
      if (address === undefined)
        throw new ServiceError('authorization', 'Synapse', 'Synapse did not say which address it refuses', {
          hint: 'azd env set CLIENT_IP_ADDRESS YOUR_PUBLIC_ADDRESS, then azd provision.',
        })
      await management.request('PUT', `${workspace}/firewallRules/${FIREWALL_RULE}`, {
        query: { 'api-version': '2021-06-01' },
        body: { properties: { startIpAddress: address, endIpAddress: address } },
        signal,
      })
      for (let look = 0; (await inspect(signal)) === 'absent'; look++) {
        if (look === MOST_LOOKS)
          throw new ServiceError('service', 'Synapse', `the rule for ${address} has no effect yet`, {
            hint: 'Run setup again in a few minutes.',
          })
        await sleep(LOOK_EVERY_MS, signal)
      }
    },
    whenRefused: () =>
      `Whoever may change the workspace lets ${address ?? 'this machine'} in: azd env set CLIENT_IP_ADDRESS ${address ?? 'YOUR_PUBLIC_ADDRESS'}, then azd provision.`,
  }
}

const isAnswer = ({ kind }: ServiceError) => kind === 'not-found' || kind === 'authorization'
