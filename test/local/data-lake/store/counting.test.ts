/** Which part of the lake a placed file belongs to. */
import { expect, it } from 'vitest'
import { partOf } from '../../../../src/local/data-lake/store/counting.ts'

const VERSION = '00000000000000000012'

it.each([
  ['bronze', 'weather/2026/11/24/02-07/0_00000000000000-00000000000001_2.json', 'bronze'],
  ['bronze', 'other/file.json', undefined],
  ['silver', `weather/_delta_log/${VERSION}.json`, 'silver'],
  ['silver', `weather_quarantine/_delta_log/${VERSION}.json`, 'quarantine'],
  ['gold', `weather/_delta_log/${VERSION}.json`, 'gold'],
  ['gold', `weather_by_minute/_delta_log/${VERSION}.json`, 'byMinute'],
  ['gold', `weather_aggregated/_delta_log/${VERSION}.json`, 'aggregated'],
  // It counts only with its commit; and what is not one would stand for one.
  ['silver', 'weather/part-0.parquet', undefined],
  ['silver', `weather/_delta_log/${VERSION}.checkpoint.parquet`, undefined],
  ['silver', `weather/_delta_log/${VERSION}.${VERSION}.compacted.json`, undefined],
  ['gold', `elsewhere/_delta_log/${VERSION}.json`, undefined],
  ['mine', `weather/_delta_log/${VERSION}.json`, undefined],
])('%s/%s: %s', (container, path, part) => {
  expect(partOf(container, path)).toBe(part)
})
