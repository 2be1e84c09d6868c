/** `$filter` of the lists of resources and of groups: comparisons, parts of names, tags, joined by `and` and `or`. */
import { isSame } from '../http/arm-request.ts'
import { HttpError } from '../http/errors.ts'

/** What a filter looks at. */
export interface Filterable {
  name: string
  type: string
  location?: string | undefined
  tags?: Readonly<Record<string, string>> | undefined
}

export interface Filter {
  matches(item: Filterable): boolean
  /** Asked for by tags, resources come without theirs. */
  isOfTags: boolean
}

/** One comparison. `startswith` and `substringof` are functions, `eq` and `ne` stand between. */
interface Term {
  field: string
  operator: 'eq' | 'ne' | 'substringof' | 'startswith'
  value: string
}

type Test = (item: Filterable) => boolean

/** In characters. */
const LONGEST = 4000
const TOKEN = /\s*(?:'((?:[^']|'')*)'|([(),])|([\w/]+))/y

/**
 * @param group whose name `resourceGroup` is compared with.
 * @throws HttpError 400 for anything but what the service documents.
 */
export function parseFilter(text: string | null, group: string): Filter {
  if (text === null || text.trim() === '') return { matches: () => true, isOfTags: false }
  const refused = new HttpError(400, 'InvalidFilterInQueryString', `The filter ${text} is not understood.`)
  if (text.length > LONGEST) throw refused
  const tokens = tokensOf(text, refused)
  let at = 0
  let isOfTags = false

  const take = (expected?: string): string => {
    const token = tokens[at++]
    if (token === undefined || (expected !== undefined && !isSame(token, expected))) throw refused
    return token
  }
  const isNext = (word: string) => isSame(tokens[at] ?? '', word)
  const quoted = (): string => {
    const token = take()
    if (!token.startsWith("'")) throw refused
    return token.slice(1)
  }
  const any = (): Test => {
    const tests = [all()]
    while (isNext('or')) {
      at++
      tests.push(all())
    }
    return (item) => tests.some((test) => test(item))
  }
  const all = (): Test => {
    const parts = [unit()]
    while (isNext('and')) {
      at++
      parts.push(unit())
    }
    return together(parts, group, refused)
  }
  const unit = (): Test | Term => {
    if (isNext('(')) {
      at++
      const inner = any()
      take(')')
      return inner
    }
    const term = termOf()
    isOfTags ||= /^tag/i.test(term.field)
    return term
  }
  const termOf = (): Term => {
    const word = take()
    if (!isNext('(')) {
      const operator = take().toLowerCase()
      if (operator !== 'eq' && operator !== 'ne') throw refused
      return { field: word, operator, value: quoted() }
    }
    at++
    const operator = word.toLowerCase()
    if (operator !== 'substringof' && operator !== 'startswith') throw refused
    // The one has the text first, the other the field.
    const isTextFirst = operator === 'substringof'
    const first = isTextFirst ? quoted() : take()
    take(',')
    const second = isTextFirst ? take() : quoted()
    take(')')
    return isTextFirst ? { field: second, operator, value: first } : { field: first, operator, value: second }
  }

  const matches = any()
  if (at < tokens.length) throw refused
  return { matches, isOfTags }
}

/** Texts keep their first quote, as their sign; two quotes in one stand for one. */
function tokensOf(text: string, refused: HttpError): string[] {
  const tokens: string[] = []
  TOKEN.lastIndex = 0
  while (TOKEN.lastIndex < text.trimEnd().length) {
    const found = TOKEN.exec(text)
    if (!found) throw refused
    const [, quoted, sign, word] = found
    tokens.push(quoted === undefined ? ((sign ?? word) as string) : `'${quoted.replaceAll("''", "'")}`)
  }
  return tokens
}

/** A tag's name and value in one chain of `and` are those of one tag. */
function together(parts: readonly (Test | Term)[], group: string, refused: HttpError): Test {
  const terms = parts.filter((part): part is Term => typeof part !== 'function')
  const named = terms.find(({ field, operator }) => isSame(field, 'tagName') && operator === 'eq')?.value
  const tests = parts.map((part) => (typeof part === 'function' ? part : testOf(part, named, group, refused)))
  return (item) => tests.every((test) => test(item))
}

function testOf(term: Term, tag: string | undefined, group: string, refused: HttpError): Test {
  const { operator, value } = term
  const field = term.field.toLowerCase()
  const compare = COMPARISONS[operator]
  const isTaken = field.startsWith('tag')
    ? operator === 'eq' || (operator === 'startswith' && field === 'tagname')
    : operator === 'eq' || operator === 'ne' || (operator === 'substringof' && PARTS.has(field))
  if (!isTaken) throw refused
  const tagsOf = ({ tags }: Filterable) => Object.entries(tags ?? {})
  switch (field) {
    case 'tagname':
      return (item) => tagsOf(item).some(([name]) => compare(name, value))
    case 'tagvalue':
      // Values differ by case, names do not.
      return (item) => tagsOf(item).some(([name, has]) => has === value && isSame(name, tag ?? name))
    case 'resourcetype':
      return ({ type }) => compare(type, value)
    case 'name':
      return ({ name }) => compare(name, value)
    case 'location':
      return ({ location = '' }) => compare(location, value)
    case 'resourcegroup':
      return () => compare(group, value)
    default:
      throw refused
  }
}

/** What `substringof` takes. */
const PARTS: ReadonlySet<string> = new Set(['name', 'resourcegroup'])

const COMPARISONS: Readonly<Record<Term['operator'], (found: string, value: string) => boolean>> = {
  eq: isSame,
  ne: (found, value) => !isSame(found, value),
  substringof: (found, value) => found.toLowerCase().includes(value.toLowerCase()),
  startswith: (found, value) => found.toLowerCase().startsWith(value.toLowerCase()),
}
