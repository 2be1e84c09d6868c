/** Changes of a limit, a guard or an operator that the tests must notice. */

import { type Mutation, of } from './mutation.ts'
import { WIRE_FORMS } from './wire-forms.ts'

export const MUTATIONS: readonly Mutation[] = [
  ...of(
    'pipeline/reconciliation/ledger.ts',
    ['test/pipeline/reconciliation/ledger.test.ts'],
    [
      ['events that expired are not lost', 'counts.skipped + gone.reduce', '0 + gone.reduce'],
      ['a surplus is balanced', 'lost > 0 || surplus ?', 'lost > 0 ?'],
      [
        'a difference counts while rows flow',
        'isSettled ? missingRows(difference, counters) : []',
        'missingRows(difference, counters)',
      ],
      ['rows before a stage that has not read them are lost', 'read !== undefined && read >= all', 'true'],
      [
        'bronze is judged before it is complete',
        'difference.bronze, isBronzeComplete === true',
        'difference.bronze, true',
      ],
      ['events of other clients are no explanation', 'difference.hub < 0)', 'difference.hub < -1_000_000)'],
    ],
  ),
  ...of(
    'pipeline/reconciliation/reconciler.ts',
    ['test/pipeline/reconciliation/reconciler.test.ts'],
    [
      ['counters rest while readings are sent', 'seen !== this.#seen || isSending', 'seen !== this.#seen'],
      ['counters rest while they change', 'seen !== this.#seen || isSending', 'isSending'],
      ['one look is rest', 'RESTING_LOOKS = 3', 'RESTING_LOOKS = 1'],
      ['the hub alone decides about rest', 'Math.min(hub, lake) >=', 'hub >='],
      [
        'bronze is complete without the newest event',
        '>= one.lastEnqueuedSequenceNumber',
        '>= one.lastEnqueuedSequenceNumber - 1',
      ],
    ],
  ),
  ...of(
    'pipeline/reconciliation/assertions.ts',
    ['test/pipeline/reconciliation/assertions.test.ts'],
    [
      ['the rate may be half the plan', 'RATE_SHARE = 0.9', 'RATE_SHARE = 0.5'],
      ['the latency limit is a minute', 'LATENCY_LIMIT_MS = 15_000', 'LATENCY_LIMIT_MS = 60_000'],
      ['the text names another latency limit', "'≤ 15 s, last 60 s'", "'≤ 20 s'"],
      ['the rate is judged at once', 'FIRST_JUDGEMENT_MS = 10_000', 'FIRST_JUDGEMENT_MS = 0'],
      ['old latencies count', 'percentile(0.95, now - WINDOW_MS)', 'percentile(0.95, 0)'],
      ['the median is called p95', 'percentile(0.95,', 'percentile(0.5,'],
      ['stations are remembered without a bound', 'this.#latest.size > STATIONS', 'false'],
      [
        'a lower number that came later is in sequence',
        'if (enqueuedAt > latest.enqueuedAt) this.#outOfSequence++\n      return',
        'return',
      ],
    ],
  ),
  ...of(
    'commands/shared/summary.ts',
    ['test/commands/shared/summary.test.ts'],
    [
      ['skipped events balance', 'ledger.skipped === 0 &&', ''],
      ['bronze may lack rows', 'counts.enqueued === counts.bronze + counts.rejected &&', ''],
      [
        'silver may lack rows',
        'counts.bronze === counts.silver + counts.quarantined + counts.duplicates &&',
        '',
      ],
      ['gold may lack rows', 'counts.gold === counts.silver &&', ''],
      ['the aggregate may lack readings', ' &&\n    counts.aggregated === counts.gold', ''],
      ['without an audit it balances', 'audit !== undefined && isBalanced', 'isBalanced'],
    ],
  ),
  ...of(
    'pipeline/session/drain.ts',
    ['test/pipeline/session/session.test.ts'],
    [
      ['no look after the stop', 'look < RESTING_LOOKS + 1', 'look < 0'],
      ['readings that wait for the hub are no reason', 'if (waiting > 0) {', 'if (waiting < 0) {'],
    ],
  ),
  ...of(
    'pipeline/generator/sequence-recovery.ts',
    ['test/pipeline/generator/sequence-recovery.test.ts'],
    [
      ['a foreign station number grows the table without a bound', ' || origin.station >= MAX_STATIONS', ''],
      [
        'a lower number sets the next one back',
        'if (number >= (this.#next[station] as number)) this',
        'this',
      ],
      ['what expired is not told', 'expired += Math.max', 'expired += 0 * Math.max'],
    ],
  ),
  ...of(
    'pipeline/generator/producer.ts',
    ['test/pipeline/generator/producer.test.ts'],
    [
      [
        'a hub may stop the producer for an hour',
        'THROTTLE_LIMIT_MS = 10_000',
        'THROTTLE_LIMIT_MS = 3_600_000',
      ],
      [
        'a failing service is asked for ever',
        'condition.since >= SERVICE_ERROR_PATIENCE_MS',
        'condition.since >= 1e12',
      ],
      ['a wrong token is tried again', "error.kind === 'authorization' || ", ''],
    ],
  ),
  ...of(
    'pipeline/runtime/poller.ts',
    ['test/pipeline/runtime/poller.test.ts'],
    [
      ['a slow service gets no rest', 'Math.max(wait, Math.min(tookMs, everyMs))', 'wait'],
      ['the rest has no bound', 'Math.min(tookMs, everyMs)', 'tookMs'],
      ['a refused question is asked again by itself', 'if (this.#isRefused) return\n', ''],
      ['Retry-After is ignored', 'Math.max(backOff, error.retryAfterMs ?? 0)', 'backOff'],
      ['failures do not slow it down', '2 ** Math.min(this.#failures - 1, 10)', '1'],
      ['back-off has no bound', 'Math.min(longestMs, everyMs()', 'Math.min(1e12, everyMs()'],
    ],
  ),
  ...of(
    'pipeline/observation/tail.ts',
    ['test/pipeline/observation/tail.test.ts'],
    [
      ['C1 control characters reach the terminal', '\\u007f-\\u009f', '\\u007f'],
      ['texts have no bound', 'text.slice(0, TEXT_LIMIT)', 'text'],
      ['the tail has no bound', '.slice(-TAIL_LIMIT)', ''],
    ],
  ),
  ...of(
    'azure/stages/output-start.ts',
    ['test/azure/stages/output-start.test.ts'],
    [
      ['output begins at an event of the future', 'Math.min(oldest, now)', 'oldest'],
      ['output begins now', 'Math.min(oldest, now)', 'now'],
      ['no margin for other clocks', ' - CLOCK_MARGIN_MS', ''],
    ],
  ),
  ...of(
    'azure/lake/bronze-watch.ts',
    ['test/azure/lake/bronze-watch.test.ts'],
    [
      [
        "listing begins behind the hub's minute",
        'const open = [newest, minuteAt(hub.at)]',
        'const open = [newest]',
      ],
      ['foreign writers are never late', ' - FOREIGN_LATENESS_MS', ''],
      [
        'a partition without a file is passed over',
        'if (!position?.minute) return\n',
        'if (!position?.minute) continue\n',
      ],
    ],
  ),
  ...of(
    'local/engine/delta/table-maintenance.ts',
    ['test/local/engine/delta/retention-guard.test.ts'],
    [
      ['files go that gold has not consumed', ' || removedAt > this.#consumedUpTo()', ''],
      ['log files go that gold has not consumed', ' || version > this.#consumedUpTo()', ''],
    ],
  ),
  ...of(
    'local/engine/delta/table-maintenance.ts',
    ['test/local/engine/delta/table-maintenance.test.ts', 'test/local/engine/delta/retention-guard.test.ts'],
    [
      ['files go before the retention', 'deletionTimestamp >= before || ', ''],
      ['log files go before the retention', 'time >= before || ', ''],
    ],
  ),
  ...of(
    'local/engine/delta/compaction.ts',
    ['test/local/engine/delta/compaction.test.ts'],
    [
      ['a compacted file stays in its tier', 'tier: level + 1', 'tier: level'],
      ['large files are merged again', 'file.size >= LARGE.bytes / 2', 'false'],
      ['a merged file has no bound of rows', 'rows > LARGE.rows || ', ''],
    ],
  ),
  ...of(
    'local/engine/query/query-run.ts',
    ['test/local/engine/query/query-run.test.ts'],
    [
      [
        'no pause after a long batch',
        'Math.max(intervalMs - took, Math.min(took, LONGEST_PAUSE_MS))',
        'Math.max(intervalMs - took, 0)',
      ],
      ['the pause has no bound', 'Math.min(took, LONGEST_PAUSE_MS)', 'took'],
    ],
  ),
  ...of(
    'local/event-hubs/log/retention.ts',
    ['test/local/event-hubs/log/retention.test.ts'],
    [
      ['a clock set back stops it', ' || now < this.#dueAt - SWEEP_EVERY_MS', ''],
      ['a step has no bound of bytes', 'isWanted || bytes >= STEP_BYTES', 'isWanted'],
    ],
  ),
  ...of(
    'local/stream-analytics/retention.ts',
    ['test/local/stream-analytics/retention.test.ts'],
    [
      ['a look removes folders without a bound', ' || removed >= FOLDERS_PER_LOOK', ''],
      ['young minutes go', 'folder >= limit', 'false'],
      ['what follows an unread folder goes', "if (outcome === 'unread') break\n", ''],
    ],
  ),
  ...of(
    'local/databricks/rate-limit.ts',
    ['test/local/databricks/rate-limit.test.ts'],
    [
      [
        'a quiet time saves up requests without a bound',
        'Math.min(burst, tokens +',
        'Math.min(1e9, tokens +',
      ],
      ['a clock set back takes requests away', 'Math.max(0, now - filledAt)', '(now - filledAt)'],
    ],
  ),
  ...WIRE_FORMS,
]
