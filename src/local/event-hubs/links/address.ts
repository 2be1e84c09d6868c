/** What a link's address means. Names are compared without regard to case, as the service does. */

export type Address =
  | { kind: 'cbs' }
  | { kind: 'management' }
  | { kind: 'hub'; partition: number | undefined }
  | { kind: 'consumer'; group: string; partition: number }
  | { kind: 'unknown' }

export interface HubNames {
  hubName: string
  consumerGroups: readonly string[]
  partitionCount: number
}

/** Why an address of the kind `unknown` means nothing, for the person who wrote it. */
export function absenceOf(address: unknown, { hubName, consumerGroups, partitionCount }: HubNames): string {
  const [hub, kind, group, ...rest] = pathOf(address).split('/')
  if (hub?.toLowerCase() !== hubName.toLowerCase())
    return `There is no event hub ${hub} here; this is ${hubName}.`
  const isGroup = kind?.toLowerCase() === 'consumergroups' && rest.length === 2
  if (isGroup && !consumerGroups.some((name) => name.toLowerCase() === group?.toLowerCase()))
    return `There is no consumer group ${group} in ${hubName}; there are ${consumerGroups.join(', ')}. --consumer-groups makes others.`
  return `There is nothing at ${String(address)}: ${hubName} has the partitions 0 to ${partitionCount - 1}.`
}

const pathOf = (address: unknown) =>
  String(address ?? '')
    .replace(/^(sb|amqps?):\/\/[^/]*/i, '')
    .replace(/^\/+|\/+$/g, '')

/** @param address `$cbs`, `$management`, `weather`, `weather/Partitions/0`, `weather/ConsumerGroups/$Default/Partitions/0`; also as a whole URL. */
export function parseAddress(address: unknown, names: HubNames): Address {
  const path = pathOf(address)
  if (path === '$cbs') return { kind: 'cbs' }
  if (path.endsWith('$management')) return { kind: 'management' }
  const [hub, ...rest] = path.split('/')
  if (hub?.toLowerCase() !== names.hubName.toLowerCase()) return { kind: 'unknown' }
  if (rest.length === 0) return { kind: 'hub', partition: undefined }
  const numbered = (word: string | undefined, id: string | undefined): number | undefined => {
    const partition = Number(id)
    return word?.toLowerCase() === 'partitions' && /^\d+$/.test(id ?? '') && partition < names.partitionCount
      ? partition
      : undefined
  }
  if (rest.length === 2) {
    const partition = numbered(rest[0], rest[1])
    return partition === undefined ? { kind: 'unknown' } : { kind: 'hub', partition }
  }
  if (rest.length !== 4 || rest[0]?.toLowerCase() !== 'consumergroups') return { kind: 'unknown' }
  const group = names.consumerGroups.find((name) => name.toLowerCase() === rest[1]?.toLowerCase())
  const partition = numbered(rest[2], rest[3])
  return group === undefined || partition === undefined
    ? { kind: 'unknown' }
    : { kind: 'consumer', group, partition }
}
