import { describe, expect, it } from 'vitest'
import {
  BRONZE_OUTPUT,
  bronzeFolder,
  formerBronzeFolder,
  minuteAt,
  minuteIn,
  minuteOfFolder,
} from '../../src/contract/bronze-layout.ts'

const at = new Date('2026-11-24T02:07:59.999Z')
const start = Date.parse('2026-11-24T02:07:00Z')

describe('bronze folders', () => {
  it('are what the output says of itself, and hold no field that write mode Once does not take', () => {
    const [date = '', time = ''] = ['2026/11/24', '02-07']
    expect([BRONZE_OUTPUT.dateFormat, BRONZE_OUTPUT.timeFormat]).toEqual(['yyyy/MM/dd', 'HH-mm'])
    expect(BRONZE_OUTPUT.pathPattern.match(/\{[^}]*\}/g)).toEqual(['{date}', '{time}'])
    expect(BRONZE_OUTPUT.pathPattern.replace('{date}', date).replace('{time}', time)).toBe(bronzeFolder(at))
  })

  it.each([
    [bronzeFolder(at), 'weather/2026/11/24/02-07', false],
    [formerBronzeFolder(at), 'weather/2026/11/24/02/07', true],
  ])('are read in both forms: %s', (folder, text, isFormer) => {
    expect(folder).toBe(text)
    expect(minuteOfFolder(folder)).toBe(start)
    for (const path of [folder, `${folder}/0_00000000000000-00000000000001_2.json`])
      expect(minuteIn(path)).toEqual({ minute: minuteAt(start), isFormer })
  })

  it.each([
    'weather',
    'weather/2026/11/24',
    'weather/2026/11/24/02',
    'weather/_totals.json',
    'weather/2026/11/24/02_07/x',
  ])('are nothing else: %s', (path) => {
    expect(minuteIn(path)).toBeUndefined()
    expect(minuteOfFolder(path)).toBeNaN()
  })
})
