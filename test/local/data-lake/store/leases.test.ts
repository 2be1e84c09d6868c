/** How long a lease holds is measured, whatever the wall clock is set to meanwhile. */
import { expect, it } from 'vitest'
import { Leases } from '../../../../src/local/data-lake/store/leases.ts'
import { RecentDeletions } from '../../../../src/local/data-lake/store/recent-deletions.ts'
import { CLOCK_STEPS } from '../../../support/clock-steps.ts'
import { FakeClock } from '../../../support/fake-clock.ts'

const FILE = { container: 'bronze', path: 'a' }

it.each(CLOCK_STEPS)('$name: a lease holds and ends as long after it was taken', async ({ from, by }) => {
  const clock = new FakeClock(from)
  const leases = new Leases(clock)
  leases.acquire(FILE, 15, undefined)
  clock.set(by)
  await clock.advance(14_000)
  expect(leases.status(FILE).state).toBe('leased')
  expect(leases.break(FILE, undefined)).toBe(1)
  clock.set(-by)
  expect(leases.status(FILE).state).toBe('breaking')
  await clock.advance(1000)
  expect(leases.status(FILE).state).toBe('broken')
})

it.each(CLOCK_STEPS)('$name: a container that was deleted is so for half a minute', async ({ from, by }) => {
  const clock = new FakeClock(from)
  const deletions = new RecentDeletions(clock)
  deletions.note('bronze')
  clock.set(by)
  expect(deletions.has('bronze')).toBe(true)
  await clock.advance(30_000)
  expect(deletions.has('bronze')).toBe(false)
})

it('a write makes a lease that has ended one that is gone', async () => {
  const clock = new FakeClock(0)
  const leases = new Leases(clock)
  const id = leases.acquire(FILE, 15, undefined)
  await clock.advance(15_000)
  expect(leases.status(FILE).state).toBe('expired')
  leases.renew(FILE, id)
  leases.wrote(FILE)
  expect(leases.status(FILE).state).toBe('leased')
  await clock.advance(15_000)
  leases.wrote(FILE)
  expect(leases.status(FILE).state).toBe('available')
  expect(() => leases.renew(FILE, id)).toThrow(
    expect.objectContaining({ status: 409, code: 'LeaseIdMismatchWithLeaseOperation' }),
  )
})
