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

/** @param address `$cbs`, `$management`, `weather`, `weather/Partitions/0`, `weather/ConsumerGroups/$Default/Partitions/0`; also as a whole URL. */
export function parseAddress(address: unknown, names: HubNames): Address {
  const path = String(address ?? '')
    .replace(/^(sb|amqps?):\/\/[^/]*/i, '')
    .replace(/^\/+|\/+$/g, '')
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
