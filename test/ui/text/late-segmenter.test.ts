/** Graphemes without the tables are those that the tables tell. */
import { expect, it } from 'vitest'
import { LateSegmenter } from '../../../src/ui/text/late-segmenter.ts'
import { SINGLE } from '../../../src/ui/text/single.ts'

const OPTIONS = { granularity: 'grapheme' } as const
const ours = new LateSegmenter(undefined, OPTIONS)
const real = new Intl.Segmenter(undefined, OPTIONS)
const parts = (segments: Intl.Segments) => [...segments].map(({ segment, index }) => [index, segment])

it('every character that stands for itself does so beside every other', () => {
  const singles = Array.from({ length: 0xffff }, (_, code) => String.fromCharCode(code)).filter((one) =>
    SINGLE.test(one),
  )
  expect(singles.length).toBeGreaterThan(1000)
  const text = singles.join('')
  const turned = singles.toReversed().join('')
  for (const one of [text, turned, '', '│ gold ▇▇▅ 12 °C ╮'])
    expect(parts(ours.segment(one))).toEqual(parts(real.segment(one)))
  expect(ours.segment('│ ab').containing(2)).toEqual(real.segment('│ ab').containing(2))
  expect(ours.segment('ab').containing(2)).toBeUndefined()
})

it('anything else is asked of the real one', () => {
  for (const one of ['天気 e\u0301 👩‍👩‍👧', 'a\r\nb', 'नमस्ते', 'x\u200dy'])
    expect(parts(ours.segment(one))).toEqual(parts(real.segment(one)))
  const words = new LateSegmenter('en', { granularity: 'word' })
  expect([...words.segment('two words')].length).toBe(3)
  expect(words.resolvedOptions().granularity).toBe('word')
})
