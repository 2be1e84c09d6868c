import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { hardEnd, logTail, rememberSession } from '../../../src/commands/shared/session-memory.ts'
import { fakePipeline } from '../../support/fake-pipeline.ts'
import { scenarios } from '../../support/scenario.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'memory-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

it('a session that did not end in order is known by the next, with what was set last', () => {
  const pipeline = fakePipeline(scenarios.allRunning())
  expect(hardEnd(folder)).toBeUndefined()
  const memory = rememberSession(folder, pipeline.store)
  pipeline.actions.setStations(777)
  expect(hardEnd(folder)).toMatchObject({ stations: 777, dirty: 0.05 })
  memory.end()
  expect(hardEnd(folder)).toBeUndefined()
})

it('a damaged file says nothing', () => {
  const memory = rememberSession(folder, fakePipeline(scenarios.allRunning()).store)
  writeFileSync(join(folder, 'state', 'session.json'), '{"format":1,"hasEnded":false,"stat')
  expect(hardEnd(folder)).toBeUndefined()
  memory.end()
})

it('the end of the log file becomes lines of the panel; foreign and cut lines are left out', () => {
  const file = join(folder, 'log')
  expect(logTail(file)).toEqual([])
  for (let index = 0; index < 5000; index++)
    appendFileSync(
      file,
      `${JSON.stringify({ level: 40, time: '2026-11-24T12:00:00.000Z', source: 'silver', msg: `line ${index}` })}\n`,
    )
  appendFileSync(
    file,
    `${JSON.stringify({ level: 30, time: '2026-11-24T12:00:01Z', msg: 'local Azure runs' })}\n`,
  )
  appendFileSync(file, '{"level":30,"time":"2026-11-24T12:00:01Z","source":"hub","ms')
  const lines = logTail(file)
  expect(lines).toHaveLength(200)
  expect(lines.at(-1)).toEqual({
    at: Date.UTC(2026, 10, 24, 12),
    level: 'warn',
    source: 'silver',
    message: 'line 4999',
  })
})
