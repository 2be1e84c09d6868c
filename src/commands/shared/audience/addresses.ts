/** Addresses of this machine on which the room may open, those that phones reach first. */
import { networkInterfaces } from 'node:os'
import type { MachineAddress } from '../../../pipeline/state/state.ts'

/** More than a person reads. */
const MOST = 12

/** IPv4 before IPv6; addresses of one link alone are left out; the machine itself comes last, to try the room alone. */
export function machineAddresses(interfaces = networkInterfaces()): MachineAddress[] {
  const all = Object.entries(interfaces).flatMap(([name, found]) =>
    (found ?? [])
      .filter(
        ({ address, internal }) =>
          !/^(fe80|169\.254\.)/i.test(address) && !(internal && address.includes(':')),
      )
      .map(({ address, internal }) => ({
        name,
        address,
        rank: internal ? 2 : address.includes(':') ? 1 : 0,
      })),
  )
  return all
    .toSorted((a, b) => a.rank - b.rank)
    .slice(0, MOST)
    .map(({ name, address, rank }) => ({ name: rank === 2 ? `${name}, this machine alone` : name, address }))
}
