/** What the runner of Go's suites reads from `go test -json`. */
import { describe, expect, it } from 'vitest'
import { testsIn } from '../../scripts/suites/go.ts'

const Package = 'example.org/sdk/v2'
const printed = (...events: { Action: string; Test?: string; Output?: string }[]) =>
  events.map((event) => JSON.stringify({ Package, ...event })).join('\n')

describe('of tests below another only the lowest count', () => {
  it('with the lines of an error', () => {
    const text = printed(
      { Action: 'run', Test: 'TestAll' },
      { Action: 'run', Test: 'TestAll/one' },
      { Action: 'output', Test: 'TestAll/one', Output: '    Error: no\n' },
      { Action: 'fail', Test: 'TestAll/one' },
      { Action: 'run', Test: 'TestAll/two' },
      { Action: 'pass', Test: 'TestAll/two' },
      { Action: 'fail', Test: 'TestAll' },
      { Action: 'fail' },
    )
    expect(testsIn(text)).toEqual([
      { test: 'v2.TestAll/one', outcome: 'failed', message: 'Error: no' },
      { test: 'v2.TestAll/two', outcome: 'passed', message: '' },
    ])
  })

  it('and one that waited until its program was stopped has failed', () => {
    const text = printed(
      { Action: 'run', Test: 'TestAll' },
      { Action: 'run', Test: 'TestAll/waits' },
      { Action: 'fail' },
    )
    expect(testsIn(text)).toEqual([
      { test: 'v2.TestAll/waits', outcome: 'failed', message: 'it did not end' },
    ])
  })
})
