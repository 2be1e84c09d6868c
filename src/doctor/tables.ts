/** What doctor looks at in the tables themselves: whether everybody who reads them still can. */
import type { TableState } from '../azure/lake/table-upgrades.ts'
import type { Check, Finding } from './doctor.ts'

/** @param states reads the tables' logs. */
export function tablesCheck(states: (signal?: AbortSignal) => Promise<readonly TableState[]>): Check {
  return {
    id: 'tables',
    title: 'Delta tables',
    why: 'A table that was upgraded may be closed to Synapse (Delta 3.2), or to this program.',
    needs: 'data-lake',
    run: async (signal) => {
      const tables = (await states(signal)).filter(({ exists }) => exists)
      const findings = tables.flatMap(findingOf)
      if (findings.length > 0) return findings
      const detail = tables.length === 0 ? 'none yet' : `${tables.length}, as the notebooks make them`
      return { level: 'ok', detail }
    },
  }
}

function findingOf({ title, upgrades, refusal }: TableState): Finding[] {
  if (refusal)
    return [{ level: 'failure', detail: refusal.message, ...(refusal.hint ? { fix: refusal.hint } : {}) }]
  const [first] = upgrades
  if (first === undefined) return []
  return [
    {
      level: 'warning',
      detail: `${title} was upgraded (${upgrades.join(', ')}); Synapse's Delta 3.2 and other readers may not follow`,
      fix: `ALTER TABLE delta.\`…/${title.slice(title.indexOf('/') + 1)}\` DROP FEATURE ${first}`,
    },
  ]
}
