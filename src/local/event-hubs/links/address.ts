/** What a link's address means. Names are compared without regard to case, as the service does. */
import type { Rejection } from '../amqp/refusal.ts'

/** `hub` without a partition: the name of the publisher, the key of each event, or the hub chooses one. */
export type Address =
  | { kind: 'cbs' }
  | { kind: 'management' }
  | { kind: 'hub'; partition: number | undefined; publisher?: string }
  | { kind: 'consumer'; group: string; partition: number }
  | { kind: 'unknown'; rejection: Rejection }

/** What there is to address. */
export interface HubNames {
  hubName: string
  consumerGroups: readonly string[]
  partitionCount: number
}

/**
 * What is not there, in words that clients look for: most know a missing entity by this sentence alone.
 * @param help for the person who wrote the name.
 */
export const entityNotFound = (entity: string, help: string): Rejection => ({
  condition: 'amqp:not-found',
  description: `The messaging entity '${entity}' could not be found. ${help}`,
})

/** The same words, whichever link was asked for. */
export const noSuchHub = (hub: string | undefined, { hubName }: HubNames): Rejection =>
  entityNotFound(
    hub ?? '',
    `${hub ? `There is no event hub ${hub} here` : 'No event hub was named'}; this is ${hubName}.`,
  )

/** Clients turn it into an argument error and do not retry. The first sentence is the service's (Azure SDK for Python, issue 11708). */
export const noSuchPartition = (partition: unknown, { hubName, partitionCount }: HubNames): Rejection => ({
  condition: 'com.microsoft:argument-out-of-range',
  description: `The specified partition is invalid for an EventHub partition sender or receiver. It should be between 0 and ${partitionCount - 1}. There is no partition ${String(partition)} in ${hubName}.`,
})

const noSuchGroup = (group: string, { hubName, consumerGroups }: HubNames): Rejection =>
  entityNotFound(
    `${hubName}/ConsumerGroups/${group}`,
    `There is no consumer group ${group} in ${hubName}; there are ${consumerGroups.join(', ')}. --consumer-groups makes others.`,
  )

/** The path of an address, which may be a whole URL. */
export const pathOf = (address: unknown): string =>
  String(address ?? '')
    .replace(/^(sb|amqps?|wss?|https?):\/\/[^/]*/i, '')
    .replace(/^\/+|\/+$/g, '')

/** @param address `$cbs`, `$management`, `weather`, `weather/Partitions/0`, `weather/Publishers/me`, `weather/ConsumerGroups/$Default/Partitions/0`; also as a whole URL. */
export function parseAddress(address: unknown, names: HubNames): Address {
  const path = pathOf(address)
  if (path === '$cbs') return { kind: 'cbs' }
  if (path.endsWith('$management')) return { kind: 'management' }
  const [hub, ...rest] = path.split('/')
  const unknown = (rejection: Rejection): Address => ({ kind: 'unknown', rejection })
  if (!isSame(hub, names.hubName)) return unknown(noSuchHub(hub, names))
  if (rest.length === 0) return { kind: 'hub', partition: undefined }
  if (rest.length === 2 && isSame(rest[0], 'publishers'))
    return { kind: 'hub', partition: undefined, publisher: String(rest[1]) }
  const group = rest.length === 4 && isSame(rest[0], 'consumergroups') ? rest[1] : undefined
  const [word, id] = rest.slice(-2)
  if (!isSame(word, 'partitions') || (group === undefined && rest.length !== 2))
    return unknown(entityNotFound(path, `There is nothing at ${String(address)}.`))
  const known = names.consumerGroups.find((name) => isSame(name, group))
  if (group !== undefined && known === undefined) return unknown(noSuchGroup(group, names))
  const partition = partitionNumber(id, names.partitionCount)
  if (partition === undefined) return unknown(noSuchPartition(id, names))
  return known === undefined ? { kind: 'hub', partition } : { kind: 'consumer', group: known, partition }
}

/** @returns undefined unless it is a partition of the hub. */
export function partitionNumber(id: unknown, partitionCount: number): number | undefined {
  const partition = Number(id)
  return /^\d+$/.test(String(id)) && partition < partitionCount ? partition : undefined
}

const isSame = (one: string | undefined, other: string | undefined): boolean =>
  one !== undefined && one.toLowerCase() === other?.toLowerCase()

/** The namespace by its host alone; the name of a hub may have a dot, but no colon. */
const HOST = /^(localhost|[^/]+\.[^/]+|[^/]+:\d+)$/i

/**
 * True when a claim for that resource says nothing against the hub: it names the hub, something in it, or the namespace, which Azure's SDK for Go
 * names by its host without a scheme.
 */
export function isOfHub(resource: unknown, hubName: string): boolean {
  const [first = '', second = ''] = pathOf(resource).split('/')
  const isOfIt = (name: string) => name === '' || name.startsWith('$') || isSame(name, hubName)
  const isBareHost = !/^[a-z]+:\/\//i.test(String(resource)) && HOST.test(first)
  return isOfIt(first) || (isBareHost && isOfIt(second))
}
