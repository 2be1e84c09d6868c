/** A loopback of its own for a command, where every port is free and may be listened on: Linux's network namespaces, without root. */
import { done } from './suite.ts'

const WITH_LOOPBACK = 'ip link set lo up && exec "$@"'

/** @returns command and arguments that run these in a fresh network, which reaches nothing but itself. */
export const alone = (command: string, args: readonly string[]): [string, string[]] => [
  'unshare',
  ['--map-root-user', '--net', 'sh', '-c', WITH_LOOPBACK, 'sh', command, ...args],
]

/** @throws when this machine gives no networks to a program. */
export async function assertLoopbacks(): Promise<void> {
  try {
    await done(...alone('true', []), '.')
  } catch (cause) {
    throw new Error(
      `These tests need ports 5671 and 443 of a network of their own, made by unshare and ip of Linux: ${(cause as Error).message}`,
      { cause },
    )
  }
}
