import { expect, it } from 'vitest'
import { clockText, elapsedText } from '../../../src/pipeline/state/clock-text.ts'

it.each([
  [0, '00:00'],
  [309_000, '05:09'],
  [3_909_000, '1:05:09'],
  [4_509_000, '1:15:09'],
  [-1, '00:00'],
])('%i ms into something are %s', (ms, text) => expect(clockText(ms)).toBe(text))

it.each([
  [15.63, '15.6 s'],
  [119, '119 s'],
  [309, '5 min 9 s'],
  [4509.3, '1 h 15 min'],
  [94_500, '26 h 15 min'],
])('%d seconds of a session are %s', (seconds, text) => expect(elapsedText(seconds)).toBe(text))
