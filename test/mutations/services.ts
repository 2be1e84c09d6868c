/** Changes of what lists bronze, keeps tables and logs within bounds, and limits callers. */
import { type Mutation, of } from './mutation.ts'

export const SERVICES: readonly Mutation[] = [
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
      ['the totals count at each look', 'if (!isFirst) continue\n', ''],
      ['a clock set back hides files', 'if (isSetBack) {', 'if (false) {'],
      [
        'a clock set back counts files twice',
        '#farthest}` && name.lastSequenceNumber < next) return',
        '#farthest}` && false) return',
      ],
      ['a gap in the numbers is no loss', 'Math.max(0, name.firstSequenceNumber - next)', '0'],
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
    ['test/local/engine/delta/retention-guard.test.ts'],
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
      ['few long files wait for more', 'run.length >= atLeast * FEW && rows > large.rows', 'false'],
      ['a merged file has no bound of rows', 'rows > large.rows || ', ''],
      ['a merged file has no bound of bytes', ' || bytes > large.bytes', ''],
    ],
  ),
  ...of(
    'local/engine/live/lines.ts',
    ['test/local/engine/jobs/canonical-line.test.ts'],
    [
      ['a number keeps the sign of -0', 'Number(warm) || 0', 'Number(warm)'],
      ['white space of any kind stays around a city', "bare === '' || (", 'bare !== undefined || ('],
      [
        'a day that is in no calendar is the next one',
        'return isReal ? time * 1000 : Number.NaN',
        'return time * 1000',
      ],
    ],
  ),
  ...of(
    'local/engine/live/seen-ids.ts',
    ['test/local/engine/live/seen-ids.test.ts'],
    [
      ['the verdict is no part of an id', 'if (!isValid(row)) bits', 'if (row < 0) bits'],
      ['an id is another beside others that are no UUIDs', 'isUuid(eventId))', 'false)'],
      ['a bucket ends where it begins', 'this.#starts[bucket + 1] as', 'this.#starts[bucket] as'],
      [
        'the edge of the window is decided without the tables',
        "has(batch.words, at))) return 'unsure'",
        'has(batch.words, at))) continue',
      ],
      [
        'what is forgotten counts as never seen',
        'earliest - WINDOW < this.#coveredFrom',
        'earliest < this.#coveredFrom',
      ],
    ],
  ),
  ...of(
    'local/engine/live/live-silver.ts',
    ['test/local/engine/live/live-silver.test.ts'],
    [
      ['a backlog is done here', 'isLess ? before : LIVE_ROWS * seconds', 'MOST_WAITING'],
      ['ids from before DuckDB took over are kept', 'this.#seen = undefined\n    this.#left', 'this.#left'],
    ],
  ),
  ...of(
    'local/engine/jobs/silver-job.ts',
    ['test/local/engine/jobs/load-ahead.test.ts'],
    [
      ['what was planned ahead and is gone ends the input', 'if (plan) return plan', 'return plan'],
      ['an error is told before its turn', 'await next.catch(() => undefined)', 'await next'],
    ],
  ),
  ...of(
    'local/engine/jobs/load-ahead.ts',
    ['test/local/engine/jobs/load-ahead.test.ts'],
    [
      ['what could not be loaded is taken', 'if (!isThere || !isSame', 'if (!isSame'],
      [
        'tables of a stopped run stay',
        'this.#loading.splice(0)) void this.#drop(loading)',
        'this.#loading.splice(0)) void loading',
      ],
      ['a batch takes the lines of another', 'loading.pieces[0]?.path !== pieces[0]?.path', 'false'],
    ],
  ),
  ...of(
    'local/engine/query/query-run.ts',
    ['test/local/engine/query/query-run.test.ts'],
    [
      ['no pause between batches', 'Math.max(0, intervalMs(', '0 * Math.max(0, intervalMs('],
      ['the rows of a batch do not count', 'result.progress?.inputRows ?? 0', '0'],
      [
        'what is left of a backlog waits',
        'this.#isPlenty || performance.now() < this.#hurriedUntil',
        'this.#isPlenty',
      ],
      ['a backlog is over only without input', 'performance.now() + HURRIED_MS', 'Number.POSITIVE_INFINITY'],
      [
        'no input does not end a backlog',
        'this.#hurriedUntil = Number.NEGATIVE_INFINITY\n        await',
        'await',
      ],
    ],
  ),
  ...of(
    'local/event-hubs/log/retention.ts',
    ['test/local/event-hubs/log/retention.test.ts'],
    [
      ['a clock set back stops it', ' || now < this.#dueAt - SWEEP_EVERY_MS', ''],
      ['a step has no bound of bytes', ' && bytes < STEP_BYTES', ''],
      ['a step has no bound of appends', 'STEP_ROWS = 200', 'STEP_ROWS = 1_000_000'],
      ['events never expire', 'row.enqueued >= now - this.#bounds.ms && ', ''],
      ['the log may outgrow its bound', ' && excess <= 0', ''],
    ],
  ),
  ...of(
    'local/event-hubs/log/rows.ts',
    ['test/local/event-hubs/log/rows.test.ts'],
    [
      ['a page of batches has no bound of bytes', 'if (sum <= maxBytes) break', 'break'],
      ['batches are joined over events of AMQP', 'if (other !== null) end = other', ''],
      [
        'AMQP’s events are read over batches',
        'form === FORM.kafka || left <= 0 || leftBytes <= 0',
        'left <= 0 || leftBytes <= 0',
      ],
    ],
  ),
  ...of(
    'local/event-hubs/log/decoded-rows.ts',
    ['test/local/event-hubs/log/rows.test.ts'],
    [['decoded rows are kept without a bound', 'if (this.#bytes <= MAX_BYTES) break', 'break']],
  ),
  ...of(
    'local/event-hubs/kafka/groups/consumer-group.ts',
    ['test/local/event-hubs/kafka/static-members.test.ts'],
    [
      [
        'a member that comes back under its name is one more',
        'if (before) this.#replace(before, memberId)',
        '',
      ],
      [
        'the process before is not told',
        '? ERROR.fencedInstanceId : ERROR.unknownMemberId',
        '? ERROR.unknownMemberId : ERROR.unknownMemberId',
      ],
    ],
  ),
  ...of(
    'local/event-hubs/kafka/fetching/list-offsets.ts',
    ['test/local/event-hubs/kafka/static-members.test.ts'],
    [
      [
        'the newest time is answered to clients that do not know it',
        'version >= (KNOWN_FROM.get(timestamp) ?? Number.POSITIVE_INFINITY)',
        'true',
      ],
    ],
  ),
  ...of(
    'local/event-hubs/kafka/wire/values.ts',
    ['test/local/event-hubs/kafka/flexible.test.ts'],
    [
      ['a structure of the flexible encoding has no end', 'write(item)\n      this.tags()', 'write(item)'],
      ['a length may be of any size', 'byte < MAX_VARINT_BYTES', 'byte < 9'],
      ['a field that nobody knows is read as the next', 'this.#take(this.#varint())', 'this.#varint()'],
    ],
  ),
  ...of(
    'local/event-hubs/kafka/records/kept-batch.ts',
    ['test/local/event-hubs/kafka/kept-batch.test.ts'],
    [['batches are kept whose header counts otherwise', ' && lastOffsetDelta === count - 1', '']],
  ),
  ...of(
    'local/event-hubs/kafka/records/check-records.ts',
    ['test/local/event-hubs/kafka/kept-batch.test.ts'],
    [
      ['batches are kept that number themselves otherwise', ' && this.#numberAt(numberAt) === index', ''],
      ['bytes behind a record are let in', 'if (this.#at !== this.#end) throw', 'if (false) throw'],
    ],
  ),
  ...of(
    'local/event-hubs/kafka/client-socket.ts',
    ['test/local/event-hubs/kafka/bounds.test.ts'],
    [
      ['nobody must sign in', 'if (connection.isSignedIn) return', 'return'],
      ['who has signed in is ended too', 'if (connection.isSignedIn) return', ''],
      ['a minute to sign in', 'SIGN_IN_MS = 20_000', 'SIGN_IN_MS = 60_000'],
    ],
  ),
  ...of(
    'local/event-hubs/amqp/memory-budget.ts',
    ['test/wire/event-hubs-bounds.test.ts'],
    [
      ['a peer may begin deliveries without a bound', 'bytes <= limits.connection && ', ''],
      [
        'all peers together may begin deliveries without a bound',
        ' && (isProved ? this.#all : this.#unproved) <= limits.all',
        '',
      ],
      ['what is let go is not given back', 'this.#all -= held.bytes', ''],
    ],
  ),
  ...of(
    'local/event-hubs/amqp/connection-limits.ts',
    ['test/wire/event-hubs-bounds.test.ts'],
    [['a begun delivery is kept whatever it holds', 'if (!hold()) throw', 'if (hold() === undefined) throw']],
  ),
  ...of(
    'local/stream-analytics/retention.ts',
    ['test/local/stream-analytics/retention.test.ts'],
    [
      ['a look removes folders without a bound', ' || removed >= FOLDERS_PER_LOOK', ''],
      ['young minutes go', 'minuteOfFolder(folder) >= limit', 'false'],
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
      ['a clock that is set counts as time', 'const now = monotonicOf(clock)', 'const now = clock.now()'],
    ],
  ),
]
