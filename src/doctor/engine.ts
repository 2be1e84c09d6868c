/** Whether the engine that runs the notebooks locally can be loaded on this machine. */
import type { Config } from '../config/schema.ts'
import { loadDuckDb } from '../local/engine/duckdb/find-duckdb.ts'
import { findSpark } from '../local/spark/find-spark.ts'
import { findPackage } from '../local/spark/spark-engine.ts'
import type { Check, Finding } from './doctor.ts'

/** @param load loads DuckDB and gives its version; another one in tests. */
export function engineCheck(engine: Config['engine'], load: () => Promise<string> = loadDuckDb): Check {
  return {
    id: 'engine',
    title: 'Engine',
    why: 'It runs silver, gold and the aggregate on this machine.',
    // The tables are audited with DuckDB whatever engine wrote them.
    run: async () => [await duckDb(load), ...(engine === 'spark' ? [await spark()] : [])],
  }
}

async function duckDb(load: () => Promise<string>): Promise<Finding> {
  try {
    return { level: 'ok', detail: `DuckDB ${await load()}` }
  } catch (error) {
    return refusal(error, 'DuckDB cannot be loaded here')
  }
}

async function spark(): Promise<Finding> {
  try {
    const packageRoot = findPackage(import.meta.dirname)
    return { level: 'ok', detail: `Spark by ${await findSpark({ packageRoot, env: process.env })}` }
  } catch (error) {
    return refusal(error, 'Spark cannot be started here')
  }
}

function refusal(error: unknown, what: string): Finding {
  const { message, hint } = error as Error & { hint?: string }
  return {
    level: 'failure',
    detail: hint === undefined ? `${what}: ${message.split('\n')[0]}` : message,
    fix: hint ?? 'Install the program again on this machine: npm install --include=optional rtstream-tui',
  }
}
