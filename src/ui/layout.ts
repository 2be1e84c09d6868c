/** Where the panels stand for a size of the terminal. Pure: columns and rows in, rectangles out, nothing overlaps. */

/** In the order in which the focus goes round. */
export const PANELS = [
  'rate',
  'hub',
  'job',
  'lake',
  'databricks',
  'synapse',
  'ledger',
  'events',
  'log',
] as const
/** What can have the focus. */
export type PanelId = (typeof PANELS)[number]
/** `services` replaces the panels of single services where there is no room for them. */
export type SlotId = PanelId | 'services'

/** Below this nothing true fits. */
export const SMALLEST = { columns: 60, rows: 20 } as const
/** Below this there is no room for both the strip and what covers the panels. */
const COVER_BELOW_STRIP = { columns: 80, rows: 24 } as const

/** A rectangle; its place follows from the row that it is in. */
export interface Slot {
  id: SlotId
  width: number
  height: number
}

/** In columns and rows of the terminal. */
export interface Layout {
  columns: number
  /** Blank lines between header and flow. */
  gap: 0 | 1
  flowHeight: number
  bodyHeight: number
  /** Rows of panels from top to bottom; the slots of a row fill the width. */
  rows: readonly (readonly Slot[])[]
  /** Panels that the focus can go to: those that stand, and those that take the place of the chart when asked for. */
  focusable: readonly PanelId[]
  /** What covers the panels has the place of the strip too. */
  isCoverAlone?: boolean
}

/** A row of panels: shares of the width, and how its height grows. */
interface RowPlan {
  /** Percent of the width, from left to right. */
  panels: Readonly<Partial<Record<SlotId, number>>>
  min: number
  /** Lines beyond this would show nothing more. */
  max: number
  /** How fast it grows beside the others. */
  weight: number
}

interface Plan {
  flowHeight: number
  gap: 0 | 1
  rows: readonly RowPlan[]
  /** The place of the chart goes to a focused panel that has none. */
  isShared: boolean
}

const row = (panels: RowPlan['panels'], min: number, max: number, weight: number): RowPlan => ({
  panels,
  min,
  max,
  weight,
})
const ANY = Number.POSITIVE_INFINITY

const huge: Plan = {
  flowHeight: 4,
  gap: 1,
  isShared: false,
  rows: [
    row({ rate: 56, hub: 44 }, 11, 24, 2),
    row({ job: 28, lake: 42, ledger: 30 }, 15, 16, 1),
    row({ databricks: 56, synapse: 44 }, 9, 16, 2),
    row({ events: 42, log: 58 }, 7, ANY, 3),
  ],
}

const wide: Plan = {
  flowHeight: 4,
  gap: 1,
  isShared: true,
  rows: [
    row({ rate: 48, hub: 52 }, 9, 24, 2),
    row({ job: 34, lake: 66 }, 9, 9, 0),
    row({ databricks: 63, synapse: 37 }, 7, 12, 1),
    row({ events: 48, log: 52 }, 4, ANY, 3),
  ],
}

const flat: Plan = {
  flowHeight: 4,
  gap: 0,
  isShared: true,
  rows: [
    row({ rate: 40, lake: 60 }, 9, 16, 1),
    row({ services: 100 }, 4, 4, 0),
    row({ events: 48, log: 52 }, 4, ANY, 1),
  ],
}

const tall: Plan = {
  flowHeight: 4,
  gap: 0,
  isShared: true,
  rows: [
    row({ rate: 100 }, 8, 16, 2),
    row({ hub: 100 }, 8, 12, 1),
    row({ lake: 100 }, 9, 9, 0),
    row({ job: 50, synapse: 50 }, 9, 10, 1),
    row({ databricks: 100 }, 6, 9, 1),
    row({ events: 100 }, 4, ANY, 2),
    row({ log: 100 }, 4, ANY, 3),
  ],
}

const upright: Plan = {
  flowHeight: 4,
  gap: 0,
  isShared: true,
  rows: [
    row({ rate: 100 }, 8, 14, 2),
    row({ lake: 100 }, 9, 9, 0),
    row({ services: 100 }, 4, 4, 0),
    row({ events: 100 }, 5, ANY, 2),
    row({ log: 100 }, 5, ANY, 3),
  ],
}

const slim: Plan = {
  flowHeight: 4,
  gap: 0,
  isShared: true,
  rows: [
    row({ rate: 100 }, 8, 14, 2),
    row({ lake: 100 }, 9, 9, 0),
    row({ events: 100 }, 5, ANY, 2),
    row({ log: 100 }, 5, ANY, 3),
  ],
}

const narrow: Plan = {
  flowHeight: 4,
  gap: 0,
  isShared: true,
  rows: [row({ rate: 100 }, 7, 14, 2), row({ lake: 100 }, 6, 9, 3), row({ log: 100 }, 4, ANY, 2)],
}

/** Where the lines of a lesson or a fault have taken rows of a small terminal. */
const low: Plan = {
  flowHeight: 4,
  gap: 0,
  isShared: true,
  rows: [row({ rate: 100 }, 7, 14, 2), row({ log: 100 }, 4, ANY, 2)],
}
const lowest: Plan = { flowHeight: 4, gap: 0, isShared: true, rows: [row({ rate: 100 }, 7, ANY, 1)] }

/** Where a lesson has taken rows of the last panel, and where it has taken all of them. */
const least: Plan = { flowHeight: 4, gap: 0, isShared: true, rows: [row({ rate: 100 }, 5, ANY, 1)] }
const bare: Plan = { flowHeight: 4, gap: 0, isShared: true, rows: [] }

const HEADER = 1
const FOOTER = 1

/** Below this width the strip stands in two bands, of so many rows with the blank one between them. */
export const BANDS_BELOW = 80
const BANDS_ROWS = 11
/** Below this width the services' own words have a row of their own in the strip. */
export const WORDS_ROW_BELOW = 100
const wordsRow = (columns: number, hasWords: boolean) => (hasWords && columns < WORDS_ROW_BELOW ? 1 : 0)

const flowRows = ({ flowHeight }: Plan, columns: number, hasWords = true) =>
  columns < BANDS_BELOW ? BANDS_ROWS : flowHeight + wordsRow(columns, hasWords)

const heightOf = (plan: Plan, columns: number) =>
  HEADER + plan.gap + flowRows(plan, columns) + FOOTER + plan.rows.reduce((sum, { min }) => sum + min, 0)

/** From the richest to the one that fits everywhere, with the width that each needs. */
const PLANS: readonly (readonly [columns: number, plan: Plan])[] = [
  [170, huge],
  [120, wide],
  [120, flat],
  [80, tall],
  [80, upright],
  [0, slim],
  [0, narrow],
  [0, low],
  [0, lowest],
  [0, least],
  [0, bare],
]

const planFor = (columns: number, rows: number): Plan =>
  PLANS.find(([from, plan]) => columns >= from && rows >= heightOf(plan, columns))?.[1] ?? bare

const hasRoomForBoth = (columns: number, rows: number) =>
  columns >= COVER_BELOW_STRIP.columns && rows >= COVER_BELOW_STRIP.rows

/** What a step of a lesson says, with its bet: a panel gives way to so many lines, and to no more. */
const STEP_ROWS = 9

/** How many lines of a lesson or a fault have room below the header: the rest of them is cut, the strip stays. */
export const roomAbove = (columns: number, rows: number): number =>
  Math.max(0, rows - heightOf(lowest, columns), Math.min(STEP_ROWS, rows - heightOf(bare, columns)))

/**
 * @param focused a panel without a place of its own takes that of the chart.
 * @param taken lines of {@link roomAbove} that are not free; and whether something lies over the panels: it is given the
 * place of the strip where both have no room, or where it needs more rows than are left.
 * @param hasWords the services say something that has no other place in the strip.
 * @returns undefined below {@link SMALLEST}.
 */
export function layOut(
  columns: number,
  total: number,
  focused: PanelId,
  {
    above,
    isCovered,
    needed = 0,
    hasWords = true,
  }: { above: number; isCovered: boolean; needed?: number; hasWords?: boolean } = {
    above: 0,
    isCovered: false,
  },
): Layout | undefined {
  if (columns < SMALLEST.columns || total < SMALLEST.rows) return undefined
  const rows = total - above
  if (isCovered && !hasRoomForBoth(columns, rows)) return coverAlone(columns, rows)
  const plan = planFor(columns, rows)
  // The plan stays the same with the row and without it: panels do not come and go with a word.
  const flowHeight = flowRows(plan, columns, hasWords)
  const bodyHeight = rows - HEADER - plan.gap - flowHeight - FOOTER
  if (isCovered && needed > bodyHeight) return coverAlone(columns, rows)
  const standing = plan.rows.flatMap(({ panels }) => Object.keys(panels))
  const isGuest = plan.isShared && !standing.includes(focused)
  const heights = shareHeight(plan.rows, bodyHeight)
  return {
    columns,
    gap: plan.gap,
    flowHeight,
    bodyHeight,
    rows: plan.rows.map(({ panels }, index) =>
      acrossWidth(panels, columns, heights[index] as number).map((slot) =>
        isGuest && slot.id === 'rate' ? { ...slot, id: focused } : slot,
      ),
    ),
    focusable: plan.isShared ? PANELS : PANELS.filter((id) => standing.includes(id)),
  }
}

function coverAlone(columns: number, rows: number): Layout {
  return {
    columns,
    gap: 0,
    flowHeight: 0,
    bodyHeight: rows - HEADER - FOOTER,
    rows: [],
    focusable: PANELS,
    isCoverAlone: true,
  }
}

/** Least heights first; then line by line to the row that would be least ahead of its share. */
function shareHeight(plans: readonly RowPlan[], height: number): number[] {
  if (plans.length === 0) return []
  const heights = plans.map(({ min }) => min)
  const ahead = (index: number) => {
    const { min, max, weight } = plans[index] as RowPlan
    const grown = (heights[index] as number) + 1
    return grown > max || weight === 0 ? Number.POSITIVE_INFINITY : (grown - min) / weight
  }
  const indexes = plans.map((_, index) => index)
  for (let spare = height - heights.reduce((sum, one) => sum + one, 0); spare > 0; spare--) {
    const next = indexes.reduce((best, index) => (ahead(index) <= ahead(best) ? index : best))
    heights[next] = (heights[next] as number) + 1
  }
  return heights
}

function acrossWidth(panels: RowPlan['panels'], columns: number, height: number): Slot[] {
  let spare = columns
  return (Object.entries(panels) as [SlotId, number][]).map(([id, percent], index, { length }) => {
    const width = index === length - 1 ? spare : Math.round((columns * percent) / 100)
    spare -= width
    return { id, width, height }
  })
}
