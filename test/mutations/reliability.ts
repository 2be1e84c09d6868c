/** Changes of what keeps clocks, bounds and damage from costing anything. */
import { type Mutation, of } from './mutation.ts'

export const RELIABILITY: readonly Mutation[] = [
  ...of(
    'pipeline/generator/producer.ts',
    ['test/pipeline/generator/producer.test.ts'],
    [
      ['a late attempt does not ask', 'if (this.#isLate()) {', 'if (false) {'],
      ['a laptop that slept is not late', 'Math.abs(time - tried.time)', '0'],
    ],
  ),
  ...of(
    'pipeline/stages/stage.ts',
    ['test/pipeline/stages/stage.test.ts'],
    [
      [
        'a clock set forward gives a command up',
        '{ status, isNews, at, monotonic, sinceBoot }: Extract',
        '{ status, isNews, at, at: monotonic, sinceBoot }: Extract',
      ],
    ],
  ),
  ...of(
    'azure/lake/bronze-watch.ts',
    ['test/local/clock-steps.test.ts'],
    [['a clock set back is not noticed', 'if (isSetBack) {', 'if (isSetBack && this.#hasForeign) {']],
  ),
  ...of(
    'azure/lake/data-lake.ts',
    ['test/azure/lake/bounds.test.ts'],
    [
      ['a listing may go on for ever', 'if (pages > limits.pages)', 'if (pages < 0)'],
      ['a listing may have any length', 'if (bytes > limits.listingBytes)', 'if (bytes < 0)'],
    ],
  ),
  ...of(
    'azure/http/exchange.ts',
    ['test/azure/http/rest-client.test.ts'],
    [['an answer may be of any length', 'bytes: given.maxBytes', 'bytes: Number.POSITIVE_INFINITY']],
  ),
  ...of(
    'azure/http/whole-body.ts',
    ['test/azure/http/bounded-http-client.test.ts', 'test/azure/lake/bounds.test.ts'],
    [['a file, or an answer of an SDK, may be of any length', 'if (bytes > bounds.bytes)', 'if (bytes < 0)']],
  ),
  ...of(
    'azure/stages/synapse.ts',
    ['test/azure/stages/synapse.test.ts'],
    [
      [
        'the active run is looked for among the newest ten',
        "return listIn('Synapse', body?.value)",
        "return listIn('Synapse', body?.value).slice(0, HISTORY)",
      ],
    ],
  ),
  ...of(
    'local/storage/log-rotation.ts',
    ['test/local/storage/log-destination.test.ts'],
    [
      ['a start that is refused sets the log aside', '#isOwner = false', '#isOwner = true'],
      ['the log grows without a bound', '> this.#maxBytes', '> Infinity'],
    ],
  ),
  ...of(
    'local/engine/query/cut-files.ts',
    ['test/local/engine/query/cut-files.test.ts'],
    [['a cut file counts as whole', 'held < rows', 'held < 0']],
  ),
  ...of(
    'pipeline/session/drain.ts',
    ['test/pipeline/session/session.test.ts'],
    [
      [
        'a look that never ends is waited for',
        'await within(clock, end - clock.monotonic(), watcher.refresh())',
        'await watcher.refresh()',
      ],
    ],
  ),
]
