import { describe, expect, it } from 'vitest'
import { ClosingStack } from '../../../src/local/runtime/closing.ts'
import { memoryLogger } from '../../support/memory-logger.ts'

describe('stopping the parts', () => {
  it('goes in the opposite order, once', async () => {
    const stack = new ClosingStack(memoryLogger().logger)
    const order: string[] = []
    for (const name of ['log', 'job', 'server'])
      stack.add(name, async () => {
        await Promise.resolve()
        order.push(name)
      })
    await Promise.all([stack.close(), stack.close()])
    expect(order).toEqual(['server', 'job', 'log'])
  })

  it('goes on when one part fails or hangs, and says which', async () => {
    const logged = memoryLogger()
    const stack = new ClosingStack(logged.logger, 10)
    let isLast = false
    stack.add('last', () => {
      isLast = true
    })
    stack.add('hangs', () => new Promise(() => {}))
    stack.add('fails', () => {
      throw new Error('no such file')
    })
    await expect(stack.close()).rejects.toThrow(
      'Not everything stopped in order: fails (no such file), hangs (it took too long).',
    )
    expect(isLast).toBe(true)
    expect(logged.lines()).toMatchObject([
      { part: 'fails', reason: 'no such file' },
      { part: 'hangs', reason: 'it took too long' },
    ])
  })
})
