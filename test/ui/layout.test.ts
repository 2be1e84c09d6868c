import { describe, expect, it } from 'vitest'
import { type Layout, layOut, PANELS, type PanelId, roomAbove, SMALLEST } from '../../src/ui/layout.ts'

const sizes = (function* () {
  for (let columns = 80; columns <= 220; columns += 7)
    for (let rows = 24; rows <= 70; rows++) yield [columns, rows] as const
})()
const SIZES = [...sizes]
const idsOf = (layout: Layout) => layout.rows.flatMap((slots) => slots.map(({ id }) => id))

const standing = (columns: number, rows: number, focused: PanelId = 'rate') => {
  const layout = layOut(columns, rows, focused)
  if (!layout) throw new Error('too small')
  return idsOf(layout)
}

describe('at every size', () => {
  it('the slots of a row fill the width, and the rows the height', () => {
    for (const [columns, rows] of SIZES)
      for (const focused of PANELS) {
        const layout = layOut(columns, rows, focused) as Layout
        for (const slots of layout.rows) {
          expect(slots.reduce((sum, { width }) => sum + width, 0)).toBe(columns)
          expect(new Set(slots.map(({ height }) => height)).size).toBe(1)
        }
        const heights = layout.rows.reduce((sum, slots) => sum + (slots[0]?.height ?? 0), 0)
        expect(heights, `${columns}×${rows}`).toBe(layout.bodyHeight)
        // Header and footer take a line each.
        expect(layout.bodyHeight + layout.flowHeight + layout.gap + 2).toBe(rows)
      }
  })

  it('no panel is too small to say anything, and none stands twice', () => {
    for (const [columns, rows] of SIZES)
      for (const focused of PANELS) {
        const layout = layOut(columns, rows, focused) as Layout
        for (const { width, height } of layout.rows.flat()) {
          expect(width, `${columns}×${rows}`).toBeGreaterThanOrEqual(40)
          expect(height).toBeGreaterThanOrEqual(3)
        }
        expect(new Set(idsOf(layout)).size).toBe(idsOf(layout).length)
      }
  })

  it('every panel that can be focused is shown when it is', () => {
    for (const [columns, rows] of SIZES)
      for (const focused of layOut(columns, rows, 'rate')?.focusable ?? [])
        expect(standing(columns, rows, focused), `${columns}×${rows}`).toContain(focused)
  })
})

it('80×24 keeps the strip, one chart, the lake and the log', () => {
  expect(standing(80, 24)).toEqual(['rate', 'lake', 'log'])
  expect(standing(80, 24, 'databricks')).toEqual(['databricks', 'lake', 'log'])
})

it('120×40 shows every panel of a service', () => {
  expect(standing(120, 40)).toEqual(['rate', 'hub', 'job', 'lake', 'databricks', 'synapse', 'events', 'log'])
})

it('200×60 has room for the ledger, and gives charts and tables the space', () => {
  expect(new Set(standing(200, 60))).toEqual(new Set(PANELS))
  const at = (columns: number, rows: number) => {
    const rate = layOut(columns, rows, 'rate')?.rows[0]?.[0]
    return (rate?.width ?? 0) * (rate?.height ?? 0)
  }
  expect(at(200, 60)).toBeGreaterThan(2 * at(120, 40))
})

it('between those, sizes that are wide and low, or narrow and high, get what they have room for', () => {
  expect(standing(120, 30)).toEqual(['rate', 'lake', 'services', 'events', 'log'])
  expect(standing(90, 40)).toEqual(['rate', 'lake', 'services', 'events', 'log'])
  expect(standing(90, 60)).not.toContain('services')
})

it('80×24 keeps the strip and a panel below the lines of a lesson or a fault; what covers them takes the strip’s place', () => {
  const at = (above: number, isCovered = false, focused: PanelId = 'rate') =>
    layOut(80, 24, focused, { above, isCovered }) as Layout
  expect(roomAbove(80, 24)).toBe(10)
  expect(idsOf(at(4))).toEqual(['rate', 'log'])
  expect(idsOf(at(10))).toEqual(['rate'])
  expect(idsOf(at(10, false, 'log'))).toEqual(['log'])
  expect(at(10, true)).toMatchObject({ isStripAlone: true, bodyHeight: 12 })
  expect(idsOf(layOut(120, 40, 'rate', { above: 5, isCovered: false }) as Layout)).toContain('lake')
})

it('below 80×24 the strip stands alone, and below 60×20 nothing does', () => {
  expect(SMALLEST).toEqual({ columns: 60, rows: 20 })
  for (const [columns, rows] of [
    [60, 20],
    [79, 24],
    [80, 23],
  ] as const)
    expect(layOut(columns, rows, 'rate')).toMatchObject({
      isStripAlone: true,
      rows: [],
      bodyHeight: rows - 2,
    })
  expect(layOut(59, 20, 'rate')).toBeUndefined()
  expect(layOut(60, 19, 'rate')).toBeUndefined()
})
