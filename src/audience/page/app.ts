/** The page of a phone. Everything that came from elsewhere is written as text, never as markup. */
import type { AudienceStep } from '../../contract/audience-step.ts'
import { type Board, CITY, CITY_FORM, type RoomRules, type Rubbish } from '../messages.ts'
import { Link, type Made, MOST_KEPT } from './link.ts'

interface Rules extends RoomRules {
  rubbish: readonly Rubbish[]
}

interface Identity {
  name: string
  deviceId: string
  city: string
}

interface Shown {
  reading: Made
  step: AudienceStep
  item: HTMLLIElement
  /** What happened to the copy. */
  note: string | undefined
}

const MOST_SHOWN = 30
const ASK_AGAIN_MS = 2000
/** The steps of a valid reading; others end earlier. */
const WAY: readonly AudienceStep[] = ['hub', 'bronze', 'silver', 'gold', 'aggregate']
/** The step at which a reading ends when it does not reach the aggregate. */
const ENDS: Readonly<Partial<Record<AudienceStep, number>>> = { rejected: 1, quarantine: 2 }

const element = <T extends HTMLElement>(id: string): T => document.getElementById(id) as T
const events = element<HTMLOListElement>('events')
const shown = new Map<string, Shown>()
let isPaused = false

const tell = (text: string) => {
  element('notice').textContent = text || (isPaused ? 'The presenter has paused the room.' : '')
}

const key = `phone ${location.pathname}`
const link = new Link({
  ask: (path, asked) => fetch(path, asked),
  load: () => localStorage.getItem(key),
  save: (text) => localStorage.setItem(key, text),
  wait: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
  onEvent,
  onRefused: (id, why) => advance({ eventId: id, step: 'waiting', text: `not taken: ${why}` }),
  // What is asked of the person stays until it is done.
  onNotice: (text) => isCityRight() && tell(text),
})

const isCityRight = () => element('city').getAttribute('aria-invalid') !== 'true'

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

function make(rubbish?: Rubbish, twice = false): Made {
  return {
    id: newId(),
    city: element<HTMLInputElement>('city').value.trim(),
    temperature: number('temperature'),
    humidity: number('humidity'),
    ...(rubbish === undefined ? {} : { rubbish }),
    ...(twice ? { twice } : {}),
  }
}

function send(readings: readonly Made[]): void {
  const city = element<HTMLInputElement>('city')
  const isCity = CITY.test(city.value.trim())
  city.setAttribute('aria-invalid', String(!isCity))
  // The room would refuse what waits with it too.
  if (!isCity) {
    tell(CITY_FORM)
    city.focus()
    return
  }
  if (element('notice').textContent === CITY_FORM) tell('')
  if (!link.send(readings)) {
    tell(`Wait a moment: ${MOST_KEPT} readings are on their way at most.`)
    return
  }
  for (const reading of readings) show(reading)
}

/** A name that is written from the right would take the number behind it to its other side; a number keeps its unit. */
function named(where: HTMLElement, name: string, numbers: string): void {
  const alone = document.createElement('bdi')
  alone.textContent = name
  const whole = document.createElement('span')
  whole.className = 'whole'
  whole.textContent = numbers
  where.replaceChildren(alone, numbers === '' ? '' : ' ', whole)
}

function show(reading: Made): void {
  const item = document.createElement('li')
  const head = document.createElement('div')
  head.className = 'reading'
  const what = document.createElement('span')
  named(what, reading.city, `${reading.temperature} °C ${reading.humidity} %`)
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
    mark.textContent = step
    steps.append(mark)
  }
  const text = document.createElement('div')
  text.className = 'what text'
  text.textContent = 'on its way'
  item.append(head, steps, text)
  events.prepend(item)
  shown.set(reading.id, { reading, step: 'waiting', item, note: undefined })
  while (events.children.length > MOST_SHOWN) events.lastElementChild?.remove()
  if (shown.size > 2 * MOST_SHOWN) shown.delete(shown.keys().next().value as string)
  element('none').hidden = true
}

function advance({ eventId, step, text }: { eventId: string; step: AudienceStep; text: string }): void {
  const found = shown.get(eventId)
  if (!found) return
  const { item, reading } = found
  const line = item.querySelector('.text') as HTMLElement
  if (step === 'duplicate') {
    found.note = text
    line.textContent = `${line.textContent}; ${text}`
    return
  }
  found.step = step
  const reached = WAY.indexOf(step)
  const end = ENDS[step]
  for (const [place, mark] of item.querySelectorAll<HTMLElement>('.steps span').entries()) {
    if (place <= reached || (end !== undefined && place < end)) mark.className = 'done'
    if (place === end) mark.className = 'refused'
  }
  line.textContent = found.note === undefined ? text : `${text}; ${found.note}`
  if (end !== undefined || step === 'aggregate')
    element('said').textContent = `${reading.city} ${reading.temperature} °C: ${line.textContent}`
}

function showBoard(board: Board): void {
  const text = (value: unknown) => (value === undefined || value === null ? '–' : String(value))
  element('board-phones').textContent = text(board.phones)
  element('board-total').textContent = text(board.total)
  for (const [id, value] of [
    ['board-warmest', board.warmest],
    ['board-quarantined', board.mostQuarantined],
  ] as const) {
    const [, name = text(value), number = ''] = /^(.*?) (-?[\d.]+(?: °C)?)$/.exec(text(value)) ?? []
    named(element(id), name, number)
  }
  element('board-lost').textContent = text(board.lost)
}

function showRules({ rubbish, isPaused: paused }: Rules): void {
  for (const one of document.querySelectorAll<HTMLElement>('.mischief')) one.hidden = rubbish.length === 0
  const isSame = element('rubbish').textContent === rubbish.join('')
  if (!isSame)
    element('rubbish').replaceChildren(
      ...rubbish.map((kind) => {
        const button = document.createElement('button')
        button.type = 'button'
        button.textContent = kind
        button.addEventListener('click', () => send([make(kind)]))
        return button
      }),
    )
  isPaused = paused
  enable(!paused)
  tell('')
}

function enable(isOn: boolean): void {
  for (const button of document.querySelectorAll('button')) button.disabled = !isOn
}

function showIdentity({ name, deviceId }: Identity): void {
  element('title').textContent = name
  element('who').textContent = `You are station ${deviceId}.`
}

function end(text: string): void {
  isPaused = false
  tell(text)
  enable(false)
}

function onEvent(event: string, data: unknown): void {
  if (event === 'step') advance(data as Parameters<typeof advance>[0])
  else if (event === 'board') showBoard(data as Board)
  else if (event === 'rules') showRules(data as Rules)
  else if (event === 'you') showIdentity(data as Identity)
  else if (event === 'closed') end('The room is closed. Thank you for the weather.')
  else if (event === 'removed') end('The presenter has taken this phone out of the room.')
}

function enter(station: Identity & Rules): void {
  element('join').hidden = true
  element('station').hidden = false
  element<HTMLInputElement>('city').value = station.city
  showIdentity(station)
  showRules(station)
  for (const reading of link.kept) show(reading)
  void link.listen()
}

/** What the form offers: names of animals, or a name that the person types. */
async function offer(): Promise<void> {
  element('join').hidden = false
  const answer = await link.get('room').catch(() => undefined)
  if (!answer?.ok) return
  const { names, hasOwnNames } = (await answer.json()) as Rules & { names: string[] }
  element('own').hidden = !hasOwnNames
  element('animal').hidden = hasOwnNames
  element('join-animal').append(
    ...names.map((name) => {
      const option = document.createElement('option')
      option.textContent = name
      return option
    }),
  )
}

async function join(): Promise<void> {
  const isOwn = !element('own').hidden
  const name = element<HTMLInputElement>(isOwn ? 'join-name' : 'join-animal').value.trim()
  const city = element<HTMLInputElement>('join-city').value
  // A second tap would make a second station.
  enable(false)
  const joined = await link.join<Identity & Rules>({ city, ...(name === '' ? {} : { name }) })
  enable(true)
  if (typeof joined === 'string') {
    tell(joined)
    element('join-city').focus()
    return
  }
  tell('')
  enter(joined)
  // The button that had the focus is gone: whoever hears the page goes on where it does.
  element('title').focus()
}

async function begin(): Promise<void> {
  showNumbers()
  for (const id of ['temperature', 'humidity']) element(id).addEventListener('input', showNumbers)
  element('send').addEventListener('click', () => send([make()]))
  element('storm').addEventListener('click', () => send(Array.from({ length: 10 }, () => make())))
  element('twice').addEventListener('click', () => send([make(undefined, true)]))
  element('join').addEventListener('submit', (event) => {
    event.preventDefault()
    void join()
  })
  while (link.secret !== '') {
    const answer = await link.get('me').catch(() => undefined)
    if (answer?.ok) return enter((await answer.json()) as Identity & Rules)
    if (answer) break
    tell('The room does not answer. Trying again.')
    await new Promise((resolve) => setTimeout(resolve, ASK_AGAIN_MS))
  }
  tell('')
  await offer()
}

void begin()
