import { describe, expect, it } from 'vitest'
import { type Layout, layOut, PANELS, type PanelId, roomAbove, SMALLEST } from '../../src/ui/layout.ts'

const sizes = (function* () {
  for (let columns = 60; columns <= 220; columns += columns < 81 ? 1 : 7)
    for (let rows = 20; rows <= 70; rows++) yield [columns, rows] as const
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
  expect(at(10, true)).toMatchObject({ isCoverAlone: true, bodyHeight: 12 })
  expect(idsOf(layOut(120, 40, 'rate', { above: 5, isCovered: false }) as Layout)).toContain('lake')
})

it('from 60×20 on, a panel stands below the strip, and below that nothing does', () => {
  expect(SMALLEST).toEqual({ columns: 60, rows: 20 })
  expect(standing(60, 20)).toEqual(['rate'])
  expect(standing(60, 20, 'databricks')).toEqual(['databricks'])
  expect(standing(79, 24)).toEqual(['rate', 'log'])
  expect(standing(60, 32)).toEqual(['rate', 'lake', 'log'])
  expect(standing(60, 60)).toEqual(['rate', 'lake', 'events', 'log'])
  // A window of 80×24 in which tmux has a line.
  expect(standing(80, 23)).toEqual(['rate', 'log'])
  expect(standing(80, 20)).toEqual(['rate', 'log'])
  expect(layOut(59, 20, 'rate')).toBeUndefined()
  expect(layOut(60, 19, 'rate')).toBeUndefined()
})

it('below 80×24 what covers the panels takes the strip’s place', () => {
  for (const [columns, rows] of [
    [60, 20],
    [79, 24],
    [80, 23],
  ] as const)
    expect(layOut(columns, rows, 'rate', { above: 0, isCovered: true })).toMatchObject({
      isCoverAlone: true,
      rows: [],
      flowHeight: 0,
      bodyHeight: rows - 2,
    })
})

it('a lesson takes the rows of the panels where it must, and the strip’s never', () => {
  expect([roomAbove(60, 20), roomAbove(60, 24), roomAbove(80, 20)]).toEqual([7, 9, 9])
  for (const [columns, rows] of SIZES.filter(([, rows]) => rows < 32))
    for (let above = 0; above <= roomAbove(columns, rows); above++) {
      const layout = layOut(columns, rows, 'log', { above, isCovered: false }) as Layout
      expect(layout.flowHeight).toBeGreaterThanOrEqual(columns < 80 ? 11 : 4)
      expect(layout.bodyHeight + layout.flowHeight + layout.gap + 2 + above).toBe(rows)
      const heights = layout.rows.reduce((sum, slots) => sum + (slots[0]?.height ?? 0), 0)
      expect(heights, `${columns}×${rows}, ${above}`).toBe(layout.rows.length === 0 ? 0 : layout.bodyHeight)
      expect(layout.rows.length > 0, `${columns}×${rows}, ${above}`).toBe(layout.bodyHeight >= 5)
    }
})
