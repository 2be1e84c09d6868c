import { expect, it } from 'vitest'
import { verdictOf } from '../../../src/pipeline/reconciliation/verdict.ts'
import { LAYERS } from '../../../src/pipeline/state/state.ts'
import { scenarios } from '../../support/scenario.ts'

it('what cannot be read takes the good news away, and leaves the bad', () => {
  const good = scenarios.balanced()
  expect(verdictOf(good).kind).toBe('balanced')
  expect(verdictOf({ ...good, hub: { ...good.hub, error: 'no answer' } })).toMatchObject({
    kind: 'unknown',
    mark: '–',
  })
  const silver = { ...good.lake.layers.silver, error: 'HTTP 503' }
  expect(
    verdictOf({ ...good, lake: { ...good.lake, layers: { ...good.lake.layers, silver } } }).text,
  ).toMatch(/silver cannot be read/)
  const lost = { ...good.ledger, verdict: 'unbalanced' as const, lost: 17 }
  expect(verdictOf({ ...good, hub: { ...good.hub, error: 'x' }, ledger: lost }).text).toBe('17 lost')
})

it('nothing is balanced before hub and layers were read', () => {
  const good = scenarios.balanced()
  const unread = { kind: 'unknown', text: 'not read yet' }
  expect(verdictOf({ ...good, hub: { ...good.hub, updatedAt: undefined } })).toMatchObject(unread)
  for (const name of LAYERS.filter((one) => one !== 'byMinute')) {
    const layers = { ...good.lake.layers, [name]: { ...good.lake.layers[name], updatedAt: undefined } }
    expect(verdictOf({ ...good, lake: { ...good.lake, layers } }), name).toMatchObject(unread)
  }
})
