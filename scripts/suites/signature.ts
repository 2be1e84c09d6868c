/** A signature for the whole account, made here so that no client of Azure's is needed. */
import { createHmac } from 'node:crypto'
import type { Endpoints } from './suite.ts'

/** The last version of a signature that all tools make. */
const SAS_VERSION = '2020-02-10'

/** Of everything, for a day; nothing of Azure's makes it here, so that the tools alone are tested. */
export function accountSas({ account, accountKey }: Endpoints): string {
  const [sp, ss, srt] = ['rwdlacup', 'b', 'sco']
  const se = `${new Date(Date.now() + 86_400_000).toISOString().slice(0, 19)}Z`
  const text = `${[account, sp, ss, srt, '', se, '', '', SAS_VERSION].join('\n')}\n`
  const sig = createHmac('sha256', Buffer.from(accountKey, 'base64')).update(text).digest('base64')
  return new URLSearchParams({ sv: SAS_VERSION, ss, srt, sp, se, sig }).toString()
}
