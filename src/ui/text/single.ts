/** Characters of one column which join no other: Latin, arrows, mathematics, boxes, blocks, shapes. Nearly all of a screen. */
export const SINGLE = /^[ -~¡-¬®-˿‐-‧←-⋿─-◼⏎✓✗]*$/
