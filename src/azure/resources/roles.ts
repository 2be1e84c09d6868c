/** Roles that an identity has on a resource, and the command that assigns a missing one. */
import type { RestClient } from '../http/rest-client.ts'

/** Built-in roles by id; the ids are the same in every tenant. */
export const ROLES = {
  hubOwner: { id: 'f526a384-b230-433a-b45c-95f59c4a2dec', name: 'Azure Event Hubs Data Owner' },
  hubSender: { id: '2b629674-e913-4c01-ae53-ef4638d8f975', name: 'Azure Event Hubs Data Sender' },
  hubReceiver: { id: 'a638d3c7-ab3a-418d-83e6-5f17a39d4fde', name: 'Azure Event Hubs Data Receiver' },
  blobOwner: { id: 'b7e6dc6d-f1e8-4753-8033-0f276bb0955b', name: 'Storage Blob Data Owner' },
  blobContributor: { id: 'ba92f5b4-2d11-453d-a403-e96b0029c9fe', name: 'Storage Blob Data Contributor' },
  blobReader: { id: '2a2b9908-6ea1-4ae2-8e65-a410df84e7d1', name: 'Storage Blob Data Reader' },
  reader: { id: 'acdd72a7-3385-48ef-bd42-f606fba81ae7', name: 'Reader' },
  contributor: { id: 'b24988ac-6180-42a0-ab88-20f7382dd24c', name: 'Contributor' },
  monitoringReader: { id: '43d0d8ad-25c7-4714-9337-8ba259a9fe05', name: 'Monitoring Reader' },
} as const

/** A built-in role of Azure. */
export interface Role {
  /** The role definition's GUID, the same in every tenant. */
  id: string
  name: string
}

/** Who gets a role. */
export interface Principal {
  /** Object id in the directory. */
  id: string
  type: 'User' | 'ServicePrincipal'
}

/** The command that assigns the role; a person pastes it as it is. */
export function assignmentCommand(role: Role, principal: Principal, scope: string): string {
  return [
    'az role assignment create',
    `--role "${role.name}"`,
    `--assignee-object-id ${principal.id}`,
    `--assignee-principal-type ${principal.type}`,
    `--scope "${scope}"`,
  ].join(' ')
}

interface AssignmentsBody {
  value?: { properties?: { roleDefinitionId?: string } }[]
  nextLink?: string
}

/** Role ids that an identity has on a resource: direct, inherited, and through its groups. */
export async function assignedRoles(
  client: RestClient,
  scope: string,
  principalId: string,
  signal?: AbortSignal,
): Promise<ReadonlySet<string>> {
  const found = new Set<string>()
  const path = `${scope}/providers/Microsoft.Authorization/roleAssignments`
  const query = { 'api-version': '2022-04-01', $filter: `assignedTo('${principalId}')` }
  let next: string | undefined
  // A page holds hundreds; the limit prevents an endless loop on a broken answer.
  for (let page = 0; page < 20; page++) {
    const { body } = await client.request<AssignmentsBody>(
      'GET',
      next ?? path,
      // The address of the next page is whole.
      next === undefined ? { query, signal } : { signal },
    )
    for (const { properties } of body?.value ?? []) {
      const id = properties?.roleDefinitionId?.split('/').at(-1)
      if (id) found.add(id.toLowerCase())
    }
    next = body?.nextLink || undefined
    if (next === undefined) break
  }
  return found
}
