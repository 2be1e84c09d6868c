import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { describe, expect, it } from 'vitest'
import type { PartitionProperties } from '../../../src/pipeline/ports/hub.ts'
import { RESTING_LOOKS, Reconciler } from '../../../src/pipeline/reconciliation/reconciler.ts'
import { FakeTarget } from '../../support/fake-target.ts'

const partition = (lastEnqueuedSequenceNumber: number): PartitionProperties => ({
  id: '0',
  beginningSequenceNumber: 0,
  lastEnqueuedSequenceNumber,
  lastEnqueuedAt: undefined,
  isEmpty: false,
})

/** Ten events are in the hub, and bronze says to have read them all, but holds nine rows. */
function setUp({ bronzePosition = 9 } = {}) {
  const { snapshot } = new FakeTarget(() => 0).lake
  const bronze = {
    ...snapshot.bronze,
    rows: 9,
    rejected: 0,
    skipped: 0,
    positions: new Map([['0', bronzePosition]]),
  }
  const reconciler = new Reconciler()
  return {
    hub: () => reconciler.sawHub([partition(9)]),
    lake: (rows = 9) => reconciler.sawLake({ ...snapshot, bronze: { ...bronze, rows } }),
    ledger: (isSending = false) => reconciler.ledger(10, isSending, 0),
  }
}

describe('the reconciler', () => {
  it('says nothing before hub and lake were seen', () => {
    const { hub, ledger } = setUp()
    hub()
    expect(ledger()).toBeUndefined()
  })

  it('calls a difference a loss only after some looks at both without a change', () => {
    const { hub, lake, ledger } = setUp()
    const verdicts = Array.from({ length: RESTING_LOOKS + 1 }, () => {
      hub()
      lake()
      return ledger()?.verdict
    })
    expect(verdicts).toEqual(['flowing', 'flowing', 'flowing', 'unbalanced'])
  })

  it('does not rest by looks at the hub alone', () => {
    const { hub, lake, ledger } = setUp()
    lake()
    for (let look = 0; look < 10; look++) {
      hub()
      expect(ledger()?.verdict).toBe('flowing')
    }
  })

  it('does not rest while readings are sent', () => {
    const { hub, lake, ledger } = setUp()
    for (let look = 0; look < 10; look++) {
      hub()
      lake()
      expect(ledger(true)?.verdict).toBe('flowing')
    }
  })

  it('does not rest while a counter moves', () => {
    const { hub, lake, ledger } = setUp()
    for (let look = 0; look < 9; look++) {
      hub()
      lake(look)
      expect(ledger()?.verdict).toBe('flowing')
    }
  })

  it('does not miss in bronze what bronze has not read', () => {
    const { hub, lake, ledger } = setUp({ bronzePosition: 8 })
    for (let look = 0; look < 10; look++) {
      hub()
      lake()
      expect(ledger()?.verdict).toBe('flowing')
    }
  })

  it('keeps no rows from one look to the next', async () => {
    const { snapshot } = new FakeTarget(() => 0).lake
    const reconciler = new Reconciler()
    const look = () => {
      const silverArrived = [{ ...snapshot.silverArrived[0] }] as (typeof snapshot)['silverArrived']
      const withRows = { ...snapshot, silverArrived }
      reconciler.sawLake(withRows)
      return new WeakRef(silverArrived)
    }
    const rows = look()
    // What a weak reference names lives until the turn ends.
    await new Promise(setImmediate)
    setFlagsFromString('--expose-gc')
    ;(runInNewContext('gc') as () => void)()
    expect(rows.deref()).toBeUndefined()
    expect(reconciler.bronzePositions).toBe(snapshot.bronze.positions)
  })
})
