/** The brokers that are compared, each in a process of its own: the hub, and Apache Kafka in KRaft mode from Maven Central. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { KEY, KEY_NAME } from '../local/event-hubs/hub-names.ts'
import { classPath } from '../support/java.ts'
import { BenchClient } from './kafka-client.ts'

const APACHE = ['org.apache.kafka:kafka_2.13:4.1.0', 'org.slf4j:slf4j-simple:1.7.36']
const CLUSTER = 'MkU3OEVBNTcwNTJENDM2Qg'

export interface Broker {
  name: string
  pid: number
  /** Over AMQP too, where it speaks it. */
  amqp?: string
  connect(): Promise<BenchClient>
  stop(): Promise<void>
}

async function stop(child: ChildProcess): Promise<void> {
  const gone = once(child, 'exit')
  child.kill('SIGTERM')
  await gone
}

export async function startOurs(folder: string): Promise<Broker> {
  const script = fileURLToPath(new URL('../local/event-hubs/hub-process.ts', import.meta.url))
  const child = spawn(process.execPath, ['--no-warnings', script, folder, '0', '0'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const [line] = (await once(child.stdout, 'data')) as [Buffer]
  const [amqpPort, kafkaPort] = line.toString().trim().split(' ')
  const key = `SharedAccessKeyName=${KEY_NAME};SharedAccessKey=${KEY}`
  return {
    name: 'the hub',
    pid: child.pid as number,
    amqp: `Endpoint=sb://localhost:${amqpPort};${key};UseDevelopmentEmulator=true`,
    connect: () => BenchClient.connect(Number(kafkaPort), `Endpoint=sb://localhost;${key}`),
    stop: () => stop(child),
  }
}

const freePort = () =>
  new Promise<number>((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number }
      server.close(() => resolve(port))
    })
  })

const pause = () => new Promise((resolve) => setTimeout(resolve, 200))

/** As it comes, but for one copy of everything and the folder. */
export async function startApache(folder: string): Promise<Broker> {
  const [port, controller] = [await freePort(), await freePort()]
  mkdirSync(folder, { recursive: true })
  const settings = join(folder, 'server.properties')
  writeFileSync(
    settings,
    [
      'process.roles=broker,controller',
      'node.id=1',
      `controller.quorum.voters=1@localhost:${controller}`,
      `listeners=PLAINTEXT://localhost:${port},CONTROLLER://localhost:${controller}`,
      `advertised.listeners=PLAINTEXT://localhost:${port}`,
      'controller.listener.names=CONTROLLER',
      'listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT',
      `log.dirs=${join(folder, 'logs')}`,
      'offsets.topic.replication.factor=1',
      'transaction.state.log.replication.factor=1',
      'transaction.state.log.min.isr=1',
    ].join('\n'),
  )
  const java = [
    '-Xmx1g',
    '-Xms1g',
    '-Dorg.slf4j.simpleLogger.defaultLogLevel=error',
    '-cp',
    classPath(...APACHE),
  ]
  execFileSync('java', [...java, 'kafka.tools.StorageTool', 'format', '-t', CLUSTER, '-c', settings], {
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  const child = spawn('java', [...java, 'kafka.Kafka', settings], { stdio: ['ignore', 'ignore', 'inherit'] })
  let hasEnded = false
  child.once('exit', () => {
    hasEnded = true
  })
  const isUp = async () => {
    if (hasEnded) throw new Error('Apache Kafka ended at its start')
    try {
      const client = await BenchClient.connect(port)
      await client.createTopic()
      while (!(await client.isReady())) await pause()
      client.close()
      return true
    } catch {
      return false
    }
  }
  while (!(await isUp())) await pause()
  return {
    name: 'Apache Kafka',
    pid: child.pid as number,
    connect: () => BenchClient.connect(port),
    stop: () => stop(child),
  }
}
