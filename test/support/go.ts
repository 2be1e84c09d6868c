/** Whether Go programs can be built here. */
import { spawnSync } from 'node:child_process'

/** @returns what is missing, having said so in one line; undefined: Go is there. */
export function goOrReason(suite: string): string | undefined {
  if (spawnSync('go', ['version'], { stdio: 'ignore' }).status === 0) return undefined
  const reason = 'go is not installed (https://go.dev/dl).'
  console.warn(`SKIPPED: ${suite}. ${reason}`)
  return reason
}
