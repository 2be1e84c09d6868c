/** Where the panels stand for a size of the terminal. Pure: columns and rows in, rectangles out, nothing overlaps. */

export const PANELS = ['rate', 'hub', 'job', 'lake', 'databricks', 'synapse', 'events', 'log'] as const
export type PanelId = (typeof PANELS)[number]
/** `services` is the summary that stands in for several panels on a small screen. */
export type SlotId = PanelId | 'services'

export const SMALLEST = { columns: 80, rows: 24 } as const

export interface Slot {
  id: SlotId
  width: number
  height: number
}
/** Rows of panels from top to bottom; the slots of a row fill the width. */
export interface Layout {
  flowHeight: 2 | 3
  bodyHeight: number
  rows: readonly (readonly Slot[])[]
}

interface RowPlan {
  panels: readonly (readonly [id: SlotId, share: number])[]
  min: number
  max: number
  weight: number
  /** Rows with the lowest go first when the height does not suffice. */
  priority: number
}

const WIDE = 120
const HEADER = 1
const FOOTER = 1

const wideRows: readonly RowPlan[] = [
  {
    panels: [
      ['rate', 0.47],
      ['hub', 0.53],
    ],
    min: 8,
    max: 24,
    weight: 3,
    priority: 4,
  },
  {
    panels: [
      ['job', 0.36],
      ['lake', 0.64],
    ],
    min: 9,
    max: 10,
    weight: 1,
    priority: 3,
  },
  {
    panels: [
      ['databricks', 0.55],
      ['synapse', 0.45],
    ],
    min: 6,
    max: 11,
    weight: 1,
    priority: 1,
  },
  {
    panels: [
      ['events', 0.47],
      ['log', 0.53],
    ],
    min: 4,
    max: 60,
    weight: 3,
    priority: 2,
  },
]

const narrowRows = (slot: SlotId): readonly RowPlan[] => [
  { panels: [[slot, 1]], min: 7, max: 16, weight: 2, priority: 5 },
  { panels: [['lake', 1]], min: 6, max: 9, weight: 3, priority: 4 },
  { panels: [['services', 1]], min: 4, max: 4, weight: 0, priority: 3 },
  { panels: [['events', 1]], min: 6, max: 20, weight: 1, priority: 1 },
  { panels: [['log', 1]], min: 3, max: 60, weight: 2, priority: 2 },
]

/**
 * @param focused the panel in focus; on a narrow screen one that has no place of its own takes that of the chart.
 * @returns undefined below 80×24.
 */
export function layOut(columns: number, rows: number, focused: PanelId): Layout | undefined {
  if (columns < SMALLEST.columns || rows < SMALLEST.rows) return undefined
  const isWide = columns >= WIDE && rows >= 30
  const flowHeight = isWide ? 3 : 2
  const bodyHeight = rows - HEADER - FOOTER - flowHeight
  const hasPlace: readonly PanelId[] = ['rate', 'lake', 'log']
  const plans = isWide ? wideRows : narrowRows(hasPlace.includes(focused) ? 'rate' : focused)
  const unique =
    isWide || focused !== 'events'
      ? plans
      : plans.filter((plan, index) => index === 0 || plan.panels[0]?.[0] !== 'events')
  return { flowHeight, bodyHeight, rows: divide(unique, columns, bodyHeight) }
}

function divide(plans: readonly RowPlan[], columns: number, height: number): Slot[][] {
  let kept = [...plans]
  const least = () => kept.reduce((sum, plan) => sum + plan.min, 0)
  while (least() > height && kept.length > 1) {
    const lowest = Math.min(...kept.map((plan) => plan.priority))
    kept = kept.filter((plan) => plan.priority !== lowest)
  }
  const heights = kept.map((plan) => plan.min)
  let spare = height - least()
  while (spare > 0) {
    const growing = kept.flatMap((plan, index) =>
      (heights[index] as number) < plan.max && plan.weight > 0 ? [index] : [],
    )
    // The one that is furthest behind its share gets the next line; when all are full, the last takes the rest.
    const next =
      growing.sort((a, b) => grown(kept, heights, a) - grown(kept, heights, b))[0] ?? kept.length - 1
    heights[next] = (heights[next] as number) + 1
    spare--
  }
  return kept.map((plan, index) => acrossWidth(plan, columns, heights[index] as number))
}

const grown = (plans: readonly RowPlan[], heights: readonly number[], index: number) => {
  const { min, weight } = plans[index] as RowPlan
  return ((heights[index] as number) - min) / weight
}

function acrossWidth({ panels }: RowPlan, columns: number, height: number): Slot[] {
  let left = columns
  return panels.map(([id, share], index) => {
    const width = index === panels.length - 1 ? left : Math.round(columns * share)
    left -= width
    return { id, width, height }
  })
}
