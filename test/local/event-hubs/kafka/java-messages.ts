/** Kafka's own classes of messages: they write requests and read answers, in every version that they know. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { classPath } from '../../../support/java.ts'

const CLIENTS = [
  'org.apache.kafka:kafka-clients:4.1.0',
  'com.fasterxml.jackson.core:jackson-databind:2.19.0',
  'org.slf4j:slf4j-simple:1.7.36',
]
const PROGRAM = fileURLToPath(new URL('Messages.java', import.meta.url))

/** A request's or an answer's fields, by the names of Kafka's message definitions. */
export type Fields = Readonly<Record<string, unknown>>

/** One connection, on which requests are asked one after the other. */
export class JavaMessages {
  readonly #child
  readonly #lines: AsyncIterator<string>
  #errors = ''

  constructor(port: number) {
    const options = ['-Xmx128m', '-XX:TieredStopAtLevel=1', '-cp', classPath(...CLIENTS)]
    this.#child = spawn('java', [...options, PROGRAM, String(port)])
    this.#child.stdin.on('error', () => {})
    this.#child.stderr.on('data', (chunk) => {
      this.#errors += chunk
    })
    this.#lines = createInterface({ input: this.#child.stdout })[Symbol.asyncIterator]()
  }

  /** @throws when Kafka's classes cannot write the request or read its answer to the last byte. */
  async ask(key: number, version: number, fields: Fields): Promise<Fields> {
    this.#child.stdin.write(`${key} ${version} ${JSON.stringify(fields)}\n`)
    const { value, done } = await this.#lines.next()
    if (done) throw new Error(`request ${key} in version ${version}: ${this.#errors}`)
    const answer = JSON.parse(value)
    if (typeof answer === 'string') throw new Error(`request ${key} in version ${version}: ${answer}`)
    return answer
  }

  async close(): Promise<void> {
    const closed = once(this.#child, 'close')
    this.#child.stdin.end()
    await closed
  }
}
