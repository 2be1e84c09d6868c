/**
 * In which order the files of the suite start, so that two cores have work until the end: files with a Spark keep a core
 * busy, most others wait for processes and sockets. So one Spark at a time, and beside it the others, the longest first.
 */
import { join, relative } from 'node:path'
import { BaseSequencer, type TestSpecification } from 'vitest/node'

/** Seconds that a file takes beside another on two cores, roughly: a wrong one costs time, nothing else. */
export const SPARK_SECONDS: Record<string, number> = {
  'test/notebooks/notebooks.test.ts': 480,
  'test/notebooks/spark4.test.ts': 250,
  'test/notebooks/parity.test.ts': 140,
  'test/e2e/spark.test.ts': 130,
  'test/local/spark/spark-engine.test.ts': 120,
  'test/notebooks/kafka-source.test.ts': 90,
  'test/local/spark/lifetime.test.ts': 90,
  'test/notebooks/abfss.test.ts': 35,
}

/** Likewise, of the longest without one. */
export const LONG_SECONDS: Record<string, number> = {
  'test/e2e/kill.test.ts': 130,
  'test/screen-azure/starting.test.ts': 91,
  'test/e2e/lesson.test.ts': 90,
  'test/wire/faults.test.ts': 90,
  'test/e2e/screen.test.ts': 88,
  'test/e2e/run.test.ts': 83,
  'test/e2e/recording.test.ts': 78,
  'test/e2e/audience.test.ts': 75,
  'test/local/engine/other-writers.test.ts': 74,
  'test/wire/event-hubs-python.test.ts': 70,
  'test/local/engine/clock-steps.test.ts': 69,
  'test/e2e/full-disk.test.ts': 60,
  'test/wire/five-minutes.test.ts': 60,
  'test/screen-azure/running.test.ts': 51,
  'test/e2e/usage.test.ts': 49,
  'test/wire/trace.test.ts': 46,
  'test/e2e/reach.test.ts': 43,
  'test/local/clock-steps.test.ts': 41,
  'test/e2e/output.test.ts': 36,
  'test/local/engine/crash.test.ts': 35,
  'test/screen-azure/money.test.ts': 33,
  'test/local/engine/odd-folders.test.ts': 32,
  'test/e2e/audience-lesson.test.ts': 27,
  'test/e2e/serve.test.ts': 27,
  'test/infra/mutations.test.ts': 26,
  'test/ui/golden.test.ts': 26,
  'test/wire/data-lake-python.test.ts': 26,
  'test/azure/lake/delta-table.test.ts': 25,
  'test/ui/control-room.test.ts': 24,
  'test/wire/consumer-groups.test.ts': 15,
}
const SHORT_SECONDS = 2.4

const secondsOf = (path: string) => SPARK_SECONDS[path] ?? LONG_SECONDS[path] ?? SHORT_SECONDS

/**
 * @param paths relative to the project.
 * @returns the order in which so many workers take them, with one Spark at a time.
 */
export function runOrder(paths: readonly string[], workers = 2): string[] {
  const longestFirst = paths.toSorted((one, other) => secondsOf(other) - secondsOf(one))
  const sparks = longestFirst.filter((path) => path in SPARK_SECONDS)
  const others = longestFirst.filter((path) => !(path in SPARK_SECONDS))
  const order: string[] = []
  // When the worker with the Sparks, and those with the others, are through with what they have been given.
  let [sparkUntil, othersUntil] = [0, 0]
  while (sparks.length > 0 || others.length > 0) {
    const isSparksTurn = others.length === 0 || (sparks.length > 0 && sparkUntil <= othersUntil)
    const path = (isSparksTurn ? sparks : others).shift() as string
    if (isSparksTurn) sparkUntil += secondsOf(path)
    else othersUntil += secondsOf(path) / Math.max(workers - 1, 1)
    order.push(path)
  }
  return order
}

export class RunOrder extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const root = join(import.meta.dirname, '../..')
    const byPath = Map.groupBy(files, ({ moduleId }) => relative(root, moduleId).replaceAll('\\', '/'))
    const order = runOrder([...byPath.keys()].toSorted(), this.ctx.config.maxWorkers)
    return order.flatMap((path) => byPath.get(path) ?? [])
  }
}
