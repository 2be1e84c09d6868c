import { describe, expect, it } from 'vitest'
import { AudienceJournal, type JournalStorage } from '../../../src/pipeline/audience/journal.ts'

const memory = () => {
  let kept = { acknowledged: 0, ids: [] as string[] }
  const replaced: number[] = []
  const storage: JournalStorage = {
    load: () => kept,
    append: (more) => {
      kept.acknowledged += more.length
      kept.ids.push(...more)
    },
    replace: (acknowledged, all) => {
      replaced.push(all.length)
      kept = { acknowledged, ids: [...all] }
    },
  }
  return { storage, replaced, kept: () => kept }
}

describe('the journal of acknowledged readings', () => {
  it('knows after a restart what was acknowledged, and counts copies', () => {
    const { storage } = memory()
    const first = new AudienceJournal(storage, () => {})
    first.add(['a', 'b', 'b'])
    expect([first.acknowledged, first.has('a'), first.has('c')]).toEqual([3, true, false])
    const next = new AudienceJournal(storage, () => {})
    expect([next.acknowledged, next.has('b')]).toEqual([3, true])
  })

  it('stays small: the newest ids are kept, the count goes on', () => {
    const { storage, replaced, kept } = memory()
    const journal = new AudienceJournal(storage, () => {})
    for (let id = 0; id < 30_000; id++) journal.add([`id ${id}`])
    expect(journal.acknowledged).toBe(30_000)
    expect(replaced).toEqual([10_000])
    expect(kept().ids.length).toBeLessThanOrEqual(20_000)
    const next = new AudienceJournal(storage, () => {})
    expect([next.acknowledged, next.has('id 29999'), next.has('id 0')]).toEqual([30_000, true, false])
  })

  it('tells once that it cannot be kept, and goes on', () => {
    const told: unknown[] = []
    const fails = () => {
      throw new Error('no space')
    }
    const journal = new AudienceJournal({ load: () => undefined, append: fails, replace: fails }, (error) =>
      told.push(error),
    )
    journal.add(['a'])
    journal.add(['b'])
    expect(told).toEqual([new Error('no space')])
    expect([journal.acknowledged, journal.has('b')]).toEqual([2, true])
  })
})
