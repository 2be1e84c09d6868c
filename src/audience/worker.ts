/** The room's thread: a crowd of phones must not hold up the screen. */
import { parentPort, workerData } from 'node:worker_threads'
import type { FromRoom, RoomInput, ToRoom } from './messages.ts'
import { openRoom } from './server.ts'

const port = parentPort as NonNullable<typeof parentPort>
const send = (message: FromRoom) => port.postMessage(message)

try {
  const opened = await openRoom(workerData as RoomInput, send)
  port.on('message', (message: ToRoom) => {
    if (message.type === 'progress') opened.room.progress(message.progress)
    else if (message.type === 'board') opened.room.showBoard(message.board)
    else if (message.type === 'full') opened.room.setFull(message.isFull)
    else if (message.type === 'rules') opened.room.setRules(message.rules)
    else if (message.type === 'remove') opened.room.remove(message.deviceId)
    else if (message.type === 'clearNames') opened.room.clearNames()
    else void opened.close().then(() => process.exit(0))
  })
  send({ type: 'opened', url: opened.url, code: opened.code })
} catch (error) {
  send({ type: 'failed', message: (error as Error).message })
}
