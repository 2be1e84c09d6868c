/** The page of a phone. Everything that came from elsewhere is written as text, never as markup. */
import type { Board, Rubbish, Step } from '../messages.ts'

interface Station {
  name: string
  deviceId: string
  city: string
  rubbish: readonly Rubbish[]
}

interface Shown {
  step: Step
  item: HTMLLIElement
  /** What happened to the copy. */
  note: string | undefined
}

const KEY = `phone ${location.pathname}`
const MOST_SHOWN = 30
/** The steps of a valid reading; others end earlier. */
const WAY: readonly Step[] = ['hub', 'bronze', 'silver', 'gold', 'aggregate']
const REFUSED: readonly Step[] = ['rejected', 'quarantine']
const RETRY_MS = { first: 500, last: 8000 }

const element = <T extends HTMLElement>(id: string): T => document.getElementById(id) as T
const notice = element('notice')
const events = element<HTMLOListElement>('events')
const shown = new Map<string, Shown>()
let secret = localStorage.getItem(KEY) ?? ''
let isClosed = false

const tell = (text: string) => {
  notice.textContent = text
}

async function ask(path: string, body?: unknown): Promise<Response> {
  return fetch(path, {
    method: body === undefined ? 'GET' : 'POST',
    headers: { 'x-phone': secret, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
}

const number = (id: string) => Number(element<HTMLInputElement>(id).value)

function showNumbers(): void {
  element('temperature-out').textContent = `${number('temperature')} °C`
  element('humidity-out').textContent = `${number('humidity')} %`
}

/** On plain http a phone has no crypto.randomUUID; its ids are made from the same random bytes. */
function newId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16))
  bytes[6] = ((bytes[6] as number) & 0x0f) | 0x40
  bytes[8] = ((bytes[8] as number) & 0x3f) | 0x80
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')
}

function make(rubbish?: Rubbish, twice = false) {
  return {
    id: newId(),
    city: element<HTMLInputElement>('city').value.trim(),
    temperature: number('temperature'),
    humidity: number('humidity'),
    ...(rubbish === undefined ? {} : { rubbish }),
    ...(twice ? { twice } : {}),
  }
}

type Made = ReturnType<typeof make>

function show(reading: Made): void {
  const item = document.createElement('li')
  const head = document.createElement('div')
  head.className = 'reading'
  const what = document.createElement('span')
  what.textContent = `${reading.city} ${reading.temperature} °C ${reading.humidity} %`
  const kind = document.createElement('span')
  kind.className = 'what'
  kind.textContent = reading.rubbish ?? (reading.twice ? 'sent twice' : '')
  head.append(what, kind)
  const steps = document.createElement('div')
  steps.className = 'steps'
  steps.setAttribute('aria-hidden', 'true')
  for (const step of WAY) {
    const mark = document.createElement('span')
    mark.dataset.step = step
    steps.append(mark)
  }
  const text = document.createElement('div')
  text.className = 'what text'
  text.textContent = 'on its way'
  item.append(head, steps, text)
  events.prepend(item)
  shown.set(reading.id, { step: 'waiting', item, note: undefined })
  while (events.children.length > MOST_SHOWN) events.lastElementChild?.remove()
}

function advance({ eventId, step, text }: { eventId: string; step: Step; text: string }): void {
  const found = shown.get(eventId)
  if (!found) return
  const { item } = found
  const line = item.querySelector('.text') as HTMLElement
  if (step === 'duplicate') {
    found.note = text
    line.textContent = `${line.textContent}; ${text}`
    return
  }
  found.step = step
  const reached = WAY.indexOf(step)
  for (const mark of item.querySelectorAll<HTMLElement>('.steps span')) {
    const place = WAY.indexOf(mark.dataset.step as Step)
    if (place <= reached) mark.className = 'done'
    // Rejected: shown at bronze if the job rejected it, at silver if silver did.
    if (REFUSED.includes(step) && place <= (step === 'rejected' ? 1 : 2)) mark.className = 'refused'
  }
  line.textContent = found.note === undefined ? text : `${text}; ${found.note}`
}

/**
 * Sends until the room has it: after a lost connection it is sent again with the same ids, and counts once.
 */
async function send(readings: readonly Made[]): Promise<void> {
  for (const reading of readings) show(reading)
  let delay = RETRY_MS.first
  while (!isClosed) {
    try {
      const response = await ask('readings', { readings })
      if (response.ok) {
        tell('')
        return
      }
      const { error } = (await response.json()) as { error: string }
      tell(error)
      for (const { id } of readings) advance({ eventId: id, step: 'waiting', text: 'not taken' })
      return
    } catch {
      tell('The room does not answer. What you sent is kept and sent again.')
    }
    await new Promise((resolve) => setTimeout(resolve, delay))
    delay = Math.min(delay * 2, RETRY_MS.last)
  }
}

function showBoard(board: Board): void {
  const text = (value: unknown) => (value === undefined || value === null ? '–' : String(value))
  element('board-phones').textContent = text(board.phones)
  element('board-total').textContent = text(board.total)
  element('board-warmest').textContent = text(board.warmest)
  element('board-quarantined').textContent = text(board.mostQuarantined)
  element('board-lost').textContent = text(board.lost)
}

function close(): void {
  isClosed = true
  tell('The room is closed. Thank you for the weather.')
  for (const button of document.querySelectorAll('button')) button.disabled = true
}

/** Server events over fetch, which can send a header that says who listens. */
async function listen(): Promise<void> {
  let delay = RETRY_MS.first
  while (!isClosed) {
    try {
      const response = await ask('events')
      if (!response.ok || !response.body) throw new Error('refused')
      tell('')
      delay = RETRY_MS.first
      await read(response.body)
    } catch {
      if (!isClosed) tell('The room does not answer. Trying again.')
    }
    await new Promise((resolve) => setTimeout(resolve, delay))
    delay = Math.min(delay * 2, RETRY_MS.last)
  }
}

async function read(body: ReadableStream<Uint8Array<ArrayBuffer>>): Promise<void> {
  const reader = body
    .pipeThrough(new TextDecoderStream() as ReadableWritablePair<string, Uint8Array<ArrayBuffer>>)
    .getReader()
  let text = ''
  for (;;) {
    const { done, value } = await reader.read()
    if (done) return
    text += value
    const parts = text.split('\n\n')
    text = parts.pop() ?? ''
    for (const part of parts) {
      const event = /^event: (.*)$/m.exec(part)?.[1]
      const data = JSON.parse(/^data: (.*)$/m.exec(part)?.[1] ?? '{}')
      if (event === 'step') advance(data)
      else if (event === 'board') showBoard(data)
      else if (event === 'closed') close()
    }
  }
}

function enter(station: Station): void {
  element('join').hidden = true
  element('station').hidden = false
  element('title').textContent = station.name
  element('who').textContent = `You are station ${station.deviceId}.`
  element<HTMLInputElement>('city').value = station.city
  const isAllowed = station.rubbish.length > 0
  for (const one of document.querySelectorAll<HTMLElement>('.mischief')) one.hidden = !isAllowed
  element('rubbish').replaceChildren(
    ...station.rubbish.map((kind) => {
      const button = document.createElement('button')
      button.type = 'button'
      button.textContent = kind
      button.addEventListener('click', () => void send([make(kind)]))
      return button
    }),
  )
  void listen()
}

async function begin(): Promise<void> {
  showNumbers()
  for (const id of ['temperature', 'humidity']) element(id).addEventListener('input', showNumbers)
  element('send').addEventListener('click', () => void send([make()]))
  element('storm').addEventListener('click', () => void send(Array.from({ length: 10 }, () => make())))
  element('twice').addEventListener('click', () => void send([make(undefined, true)]))
  element('join').addEventListener('submit', (event) => {
    event.preventDefault()
    void join()
  })
  if (secret !== '') {
    const response = await ask('me').catch(() => undefined)
    if (response?.ok) {
      enter((await response.json()) as Station)
      return
    }
  }
  element('join').hidden = false
}

async function join(): Promise<void> {
  try {
    const response = await ask('join', { city: element<HTMLInputElement>('join-city').value })
    const answer = (await response.json()) as Station & { secret: string; error?: string }
    if (!response.ok) {
      tell(answer.error ?? 'That did not work.')
      return
    }
    secret = answer.secret
    localStorage.setItem(KEY, secret)
    tell('')
    enter(answer)
  } catch {
    tell('The room does not answer. Try again.')
  }
}

void begin()
