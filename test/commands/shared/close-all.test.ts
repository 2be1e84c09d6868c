import { expect, it } from 'vitest'
import { closeAll } from '../../../src/commands/shared/close-all.ts'

it('closes everything in order, whatever becomes of each, and then says what failed', async () => {
  const order: string[] = []
  const closing = closeAll(
    [
      () => {
        order.push('session')
        throw new Error('The log could not be written.')
      },
      () => new Promise<void>(() => order.push('services')),
      () => void order.push('folder'),
      () => undefined,
    ],
    20,
  )
  await expect(closing).rejects.toThrow(
    'The log could not be written.\nSomething did not stop within 0.02 s and was left behind.',
  )
  expect(order).toEqual(['session', 'services', 'folder'])
  await expect(closeAll([() => undefined, async () => {}])).resolves.toBeUndefined()
})
