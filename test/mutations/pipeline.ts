/** Changes of the ledger, the summary, the generator, the polling and the tail. */
import { type Mutation, of } from './mutation.ts'

export const PIPELINE: readonly Mutation[] = [
  ...of(
    'pipeline/reconciliation/ledger.ts',
    ['test/pipeline/reconciliation/ledger.test.ts'],
    [
      ['events that expired are not lost', 'counts.skipped + gone.reduce', '0 + gone.reduce'],
      ['a surplus is balanced', 'lost > 0 || surplus ?', 'lost > 0 ?'],
      [
        'a difference counts while rows flow',
        'isSettled ? [...missingRows(difference, counters), ...hiddenLoss(session, counters)] : []',
        '[...missingRows(difference, counters), ...hiddenLoss(session, counters)]',
      ],
      ['rows before a stage that has not read them are lost', 'read !== undefined && read >= all', 'true'],
      ['bronze is judged before it is complete', 'isBronzeComplete === true,', 'true,'],
      ['events of other clients are no explanation', 'difference.hub <= 0 &&', 'difference.hub === 0 &&'],
      ['a copy hides a loss', ', ...hiddenLoss(session, counters)', ''],
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
      ['the rate holds at once', 'LEAST_ELAPSED_MS = 10_000', 'LEAST_ELAPSED_MS = 0'],
      ['old latencies count', 'percentiles(now - WINDOW_MS)', 'percentiles(0)'],
      ['the median is called p95', 'p95: rank(0.95)', 'p95: rank(0.5)'],
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
      ['more acknowledged than enqueued balances', 'counts.acknowledged <= counts.enqueued &&', ''],
      [
        'bronze may lack rows',
        'counts.enqueued + ledger.extraRows === counts.bronze + counts.rejected &&',
        '',
      ],
      [
        'silver may lack rows',
        'counts.bronze === counts.silver + counts.quarantined + counts.duplicates &&',
        '',
      ],
      ['gold may lack rows', 'counts.gold === counts.silver &&', ''],
      ['the aggregate may lack readings', ' &&\n    counts.aggregated === counts.gold', ''],
      ['without an audit it balances', 'audit === undefined || ledger.isUnread', 'ledger.isUnread'],
      [
        'it balances though not everything was read',
        'audit === undefined || ledger.isUnread',
        'audit === undefined',
      ],
      ['the table by minute may lack readings', 'audit.byMinuteReadings !== audit.goldRows || ', ''],
      ['any latency is short enough', 'latency <= LATENCY_LIMIT_MS', 'latency >= 0'],
    ],
  ),
  ...of(
    'pipeline/reconciliation/verdict.ts',
    ['test/pipeline/reconciliation/verdict.test.ts'],
    [
      [
        'it is balanced before the hub was read',
        "if (hub.updatedAt === undefined) return 'not read yet'\n",
        '',
      ],
      ['it is balanced though the hub cannot be read', 'hub.error !== undefined', 'false'],
      ['it is balanced though a layer cannot be read', 'if (failing !== undefined)', 'if (false)'],
      ['it is balanced before a layer was read', 'lake.layers[name].updatedAt === undefined', 'false'],
    ],
  ),
  ...of(
    'pipeline/reconciliation/recent-ids.ts',
    ['test/pipeline/reconciliation/recent-ids.test.ts'],
    [
      ['half as many ids are remembered', 'IDS_PER_GENERATION = 100_000', 'IDS_PER_GENERATION = 50_000'],
      ['the free place is an id', ' + low + 1', ' + low'],
    ],
  ),
  ...of(
    'pipeline/session/drain.ts',
    ['test/pipeline/session/session.test.ts'],
    [
      ['no look after the stop', 'refresh(RESTING_LOOKS + 1)', 'refresh(0)'],
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
      ['readings of other clients take our numbers', 'if (!isOurs) continue\n', ''],
      ['the whole hub is read back', 'lastEnqueuedSequenceNumber - share', '-1'],
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
      ['there is always room', 'Math.max(0, this.limit - this.buffered)', 'this.limit'],
      ['a send has no bound', 'EVENTS_PER_SEND = 8000', 'EVENTS_PER_SEND = 400_000'],
    ],
  ),
  ...of(
    'pipeline/runtime/backoff.ts',
    ['test/pipeline/runtime/backoff.test.ts'],
    [
      ['the wait does not grow', ' * 2 ** Math.min(failures - 1, 30)', ''],
      ['the wait has no bound', 'Math.min(longest, first * 2', 'Math.min(1e12, first * 2'],
      ['many failures end in no number', '2 ** Math.min(failures - 1, 30)', '2 ** (failures - 1)'],
    ],
  ),
  ...of(
    'pipeline/runtime/poller.ts',
    ['test/pipeline/runtime/poller.test.ts'],
    [
      ['a slow service gets no rest', 'Math.max(wait, Math.min(tookMs, everyMs))', 'wait'],
      ['the rest has no bound', 'Math.min(tookMs, everyMs)', 'tookMs'],
      ['a refused question is asked again by itself', 'if (this.#isRefused) return\n', ''],
      ['Retry-After is ignored', 'Math.max(wait, error.retryAfterMs ?? 0)', 'wait'],
      ['failures do not slow it down', 'backoff(this.#failures,', 'backoff(1,'],
      ['back-off has no bound', 'longest: longestMs', 'longest: 1e12'],
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
]
