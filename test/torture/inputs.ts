/** Malformed HTTP, AMQP and Kafka: requests of good form with bytes changed, cut, doubled and put in, by chance. */
import { connect } from 'node:net'
import { join } from 'node:path'
import { EventHubProducerClient } from '@azure/event-hubs'
import { attachFromCbs, attachTo, frame, opening } from '../local/event-hubs/raw-socket.ts'
import { hasStack, logOf, mustBalance, type Part, type TortureOptions } from './program.ts'
import { type Endpoints, serve } from './served.ts'

const AT_ONCE = 16
/** An answer that takes longer is not waited for (ms). */
const PATIENCE_MS = 3000
/** What the program may grow by under all of it (MB). */
const MOST_GROWTH_MB = 400

interface Template {
  protocol: 'HTTP' | 'AMQP' | 'Kafka'
  port: number
  bytes: Buffer
}

function templates({ lake, eventHubsConnectionString, kafka, eventHub, token }: Endpoints): Template[] {
  const { port: lakePort, pathname } = new URL(lake)
  const amqpPort = Number(/localhost:(\d+)/.exec(eventHubsConnectionString)?.[1])
  const kafkaPort = Number(kafka.split(':')[1])
  const http = (text: string, body = ''): Template => ({
    protocol: 'HTTP',
    port: Number(lakePort),
    bytes: Buffer.from(
      `${text.replace(' /', ` ${pathname}/`)} HTTP/1.1\r\nhost: 127.0.0.1\r\nauthorization: Bearer ${token}\r\nx-ms-version: 2023-11-03\r\nconnection: close\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
    ),
  })
  const amqp = (...parts: Buffer[]): Template => ({
    protocol: 'AMQP',
    port: amqpPort,
    bytes: Buffer.concat(parts),
  })
  const payload = Buffer.from([0x00, 0x53, 0x77, 0xa1, 3, 0x61, 0x62, 0x63])
  const transfer = frame(
    'transfer',
    { handle: 0, delivery_id: 0, delivery_tag: Buffer.from([1]) },
    { payload },
  )
  const kafkaRequest = (key: number, version: number, body: Buffer): Template => {
    const head = Buffer.alloc(14)
    head.writeInt32BE(10 + body.length, 0)
    head.writeInt16BE(key, 4)
    head.writeInt16BE(version, 6)
    head.writeInt32BE(7, 8)
    head.writeInt16BE(-1, 12)
    return { protocol: 'Kafka', port: kafkaPort, bytes: Buffer.concat([head, body]) }
  }
  return [
    http('GET /?comp=list'),
    http('GET /bronze?restype=container&comp=list&prefix=weather&maxresults=5'),
    http('GET /bronze?resource=filesystem&recursive=true&directory=weather'),
    http('PUT /torture?restype=container'),
    http('PUT /torture/a.txt', 'some text'),
    http('PUT /torture/b.txt?comp=block&blockid=YWJj', 'a block'),
    http('PUT /torture/b.txt?comp=blocklist', '<BlockList><Latest>YWJj</Latest></BlockList>'),
    http('PATCH /torture/c.txt?action=append&position=0', 'appended'),
    http('POST /?restype=service&comp=userdelegationkey', '<KeyInfo><Expiry>2099-01-01</Expiry></KeyInfo>'),
    http('DELETE /torture/a.txt?recursive=true'),
    amqp(opening(), attachFromCbs(1), attachTo('$cbs', 0), transfer),
    amqp(opening(), attachTo('$management', 0), transfer, frame('close', {})),
    amqp(opening(), attachTo(`${eventHub}/Partitions/0`, 0), transfer, transfer),
    kafkaRequest(18, 0, Buffer.alloc(0)),
    kafkaRequest(17, 1, Buffer.concat([Buffer.from([0, 5]), Buffer.from('PLAIN')])),
    kafkaRequest(36, 1, Buffer.concat([Buffer.from([0, 0, 0, 6]), Buffer.from('\0a\0bcd')])),
    kafkaRequest(3, 1, Buffer.from([0xff, 0xff, 0xff, 0xff])),
  ]
}

/** One to four changes; of HTTP also whole lines of its head. */
function mutated({ bytes, protocol }: Template, random: () => number): Buffer {
  let out = Buffer.from(bytes)
  const at = () => Math.floor(random() * out.length)
  for (let change = Math.floor(random() * 4); change >= 0; change--) {
    const kind = Math.floor(random() * (protocol === 'HTTP' ? 7 : 5))
    const place = at()
    const length = Math.floor(random() * 40)
    if (kind === 0) out[place] = Math.floor(random() * 256)
    else if (kind === 1) out = out.subarray(0, Math.max(1, place))
    else if (kind === 2)
      out = Buffer.concat([out.subarray(0, place), out.subarray(place, place + length), out.subarray(place)])
    else if (kind === 3)
      out = Buffer.concat([
        out.subarray(0, place),
        Buffer.alloc(length, Math.floor(random() * 256)),
        out.subarray(place),
      ])
    else if (kind === 4) out = Buffer.concat([out, out.subarray(place)])
    else if (kind === 5)
      out = Buffer.from(
        out
          .toString('latin1')
          .replace(
            /content-length: \d+/,
            `content-length: ${['-1', '9e9', 'x', '0, 0', '99999999999999999999'][length % 5]}`,
          ),
        'latin1',
      )
    else
      out = Buffer.from(
        out
          .toString('latin1')
          .replace(/[?&][a-z]+=[^& ]*/, `&${'%'.repeat(length % 3)}restype=${'%2e%2e/'.repeat(length)}`),
        'latin1',
      )
    if (out.length === 0) out = Buffer.from([0])
  }
  return out
}

/** Resolves when the other end closes, or has had its time. */
function send(port: number, bytes: Buffer): Promise<void> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    const done = () => {
      clearTimeout(timer)
      socket.destroy()
      resolve()
    }
    const timer = setTimeout(done, PATIENCE_MS)
    socket.on('error', () => {})
    socket.once('close', done)
    socket.resume()
    socket.end(bytes)
  })
}

export async function inputs(count: number, { random, folder, say }: TortureOptions): Promise<Part> {
  const data = join(folder, 'inputs')
  const served = await serve(data)
  const all = templates(served.endpoints)
  const broken: string[] = []
  const sent = { HTTP: 0, AMQP: 0, Kafka: 0 }
  const before = served.memoryMb()
  let left = count
  const worker = async () => {
    while (left-- > 0) {
      const template = all[Math.floor(random() * all.length)] as Template
      sent[template.protocol]++
      await send(template.port, mutated(template, random))
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, worker))
  const after = served.memoryMb()
  if (before !== undefined && after !== undefined && after - before > MOST_GROWTH_MB)
    broken.push(`the program grew from ${before.toFixed(0)} to ${after.toFixed(0)} MB`)
  try {
    const { eventHubsConnectionString, eventHub } = served.endpoints
    const producer = new EventHubProducerClient(eventHubsConnectionString, eventHub, {
      retryOptions: { maxRetries: 0 },
    })
    await producer.sendBatch([{ body: { deviceId: 'foreign-0', deviceSequenceNumber: 0 } }], {
      partitionId: '0',
    })
    await producer.close()
  } catch (error) {
    broken.push(`a good client is not served afterwards: ${(error as Error).message}`)
  }
  const code = await served.stop()
  if (code !== 0) broken.push(`serve ended with ${code}: ${served.running.stderr().trim()}`)
  if (hasStack(served.running.stderr())) broken.push('a stack trace on the terminal')
  const log = logOf(data)
  const defects = log.split('\n').filter((line) => /"request failed"|broke down|Node warns/.test(line))
  if (defects.length > 0)
    broken.push(`${defects.length} defects in the log, the first: ${defects[0]?.slice(0, 400)}`)
  broken.push(...(await mustBalance(data)))
  say(
    `${count} inputs: ${JSON.stringify(sent)}, ${before?.toFixed(0)} → ${after?.toFixed(0)} MB, exit code ${code}`,
  )
  return {
    name: 'malformed HTTP, AMQP and Kafka',
    tried: `${sent.HTTP} + ${sent.AMQP} + ${sent.Kafka} mutated requests, ${AT_ONCE} at once`,
    broken,
    notes: `resident memory ${before?.toFixed(0)} → ${after?.toFixed(0)} MB`,
  }
}
