/** What the checks of Azure share: who asks, with which clients, and how a refusal is reported. */
import type { TokenCredential } from '@azure/identity'
import { refusalHint } from '../azure/errors/refusal-hints.ts'
import type { HubConnection } from '../azure/event-hubs/producer.ts'
import { statusCause } from '../azure/http/rest-client.ts'
import type { SignedIn } from '../azure/resources/identity.ts'
import type { ResourceIds, ResourceManager } from '../azure/resources/resource-manager.ts'
import { assignmentCommand, type Role } from '../azure/resources/roles.ts'
import type { ServiceClients } from '../azure/resources/service-clients.ts'
import type { AzureConfig } from '../config/schema.ts'
import { ServiceError } from '../pipeline/ports/errors.ts'
import type { Check, Finding } from './doctor.ts'

/** With which identity, and by which clients. */
export interface AzureDoctorOptions {
  azure: AzureConfig
  credential: TokenCredential
  clients: ServiceClients
  hub: HubConnection
  /** Looks at the hub; see `src/azure/event-hubs/hub-probe.ts`. */
  probeHub: (hub: HubConnection) => Promise<{ partitions: number; latencyMs: number }>
  /** Epoch milliseconds. */
  now: () => number
}

/** What the checks share: answers that several of them need are asked for once. */
export interface AzureExamination extends AzureDoctorOptions {
  ids: ResourceIds
  manager: ResourceManager
  whoAmI: (signal?: AbortSignal) => Promise<SignedIn>
}

/** A failure of that kind; anything else is for somebody else to report. */
export const isKind = (error: unknown, kind: ServiceError['kind']): error is ServiceError =>
  error instanceof ServiceError && error.kind === kind

/** Also of what is no Error. */
export const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))

/** What a refusal says to do itself; undefined for one that only says that something is not allowed. */
export const toldRemedy = (error: unknown): string | undefined =>
  error instanceof ServiceError ? refusalHint(statusCause(error)?.code, error.message) : undefined

/** A refusal: names the role, with the command that assigns it to whoever is signed in. */
export async function missingRole(
  { whoAmI }: Pick<AzureExamination, 'whoAmI'>,
  role: Role,
  scope: string,
  error: unknown,
): Promise<Finding> {
  const told = toldRemedy(error)
  if (told !== undefined) return { level: 'failure', detail: `refused: ${messageOf(error)}`, fix: told }
  const me = await whoAmI()
  const isData = / Data /.test(role.name)
  return {
    level: 'failure',
    detail: `refused: ${messageOf(error)}`,
    why: `${isData ? 'Owner of a subscription has no access to data. ' : ''}${me.name} needs the role ${role.name}; a new role takes up to ten minutes to arrive.`,
    fix: assignmentCommand(role, me, scope),
  }
}

/** For what only readers of the subscription may look at: the rest works without it, so a refusal is a warning. */
export function ifReadable(what: string, run: Check['run']): Check['run'] {
  return async (signal) => {
    try {
      return await run(signal)
    } catch (error) {
      if (!isKind(error, 'authorization')) throw error
      return {
        level: 'warning',
        detail: `${what} cannot be looked at: ${error.message}`,
        fix:
          toldRemedy(error) ??
          'Ask for the role Reader on the subscription, or look in the portal with somebody who has it.',
      }
    }
  }
}
