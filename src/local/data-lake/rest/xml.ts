/** XML as the Blob interface has it: small documents of known elements, so no parser is needed to write or to read them. */
import { HttpError } from '../../http/errors.ts'

/** What every document begins with: the service puts the mark of UTF-8 before each, and readers of it must cope. */
export const XML_HEAD = '\uFEFF<?xml version="1.0" encoding="utf-8"?>'

/** Characters that XML 1.0 cannot represent, or only by their numbers, which some SDKs leave undecoded. */
const UNWRITABLE = /[\u0000-\u001f\ufffe\uffff]/

const NAMED: Readonly<Record<string, string>> = {
  '<': '&lt;',
  '>': '&gt;',
  '&': '&amp;',
  '"': '&quot;',
  "'": '&apos;',
}

/** By name where there is one: the SDK for JavaScript shows numbers as they stand. */
export const inXml = (text: string): string =>
  text.replace(
    /[<>&"'\u0000-\u0009\u000b-\u001f]/g,
    (character) => NAMED[character] ?? `&#${character.charCodeAt(0)};`,
  )

/** One element with its text escaped; an empty one as the service writes it. */
export const element = (name: string, value: string | number | boolean): string =>
  value === '' ? `<${name} />` : `<${name}>${inXml(String(value))}</${name}>`

/** One element for each member, in their order. */
export const elements = (values: Readonly<Record<string, string | number | boolean>>): string =>
  Object.entries(values)
    .map(([name, value]) => element(name, value))
    .join('')

/** A name of a path, percent-encoded and marked so where XML cannot carry it. */
export const nameXml = (name: string, tag = 'Name'): string =>
  UNWRITABLE.test(name)
    ? `<${tag} Encoded="true">${inXml(encodeURIComponent(name))}</${tag}>`
    : element(tag, name)

/** Metadata as a listing has it. @param options.isEncrypted it has more, which it cannot tell. */
export const metadataXml = (metadata: Record<string, string> = {}, { isEncrypted = false } = {}): string =>
  isEncrypted || Object.keys(metadata).length > 0
    ? `<Metadata${isEncrypted ? ' Encrypted="true"' : ''}>${elements(metadata)}</Metadata>`
    : element('Metadata', '')

/** Items of a list in the query, in lower case. */
export const listWords = (value: string | null): string[] =>
  (value ?? '')
    .split(',')
    .map((one) => one.trim().toLowerCase())
    .filter(Boolean)

/** @returns the text of the first element of that name; undefined when there is none. */
export function textOf(xml: string, name: string): string | undefined {
  const [, text] = new RegExp(`<${name}(?:\\s[^>]*)?>([^<]*)</${name}>`).exec(xml) ?? []
  return text === undefined ? undefined : fromXml(text.trim())
}

/** @returns what is inside of each element of that name, which does not hold itself. */
export const insideOf = (xml: string, name: string): string[] =>
  [...xml.matchAll(new RegExp(`<${name}(?:\\s[^>]*)?>([\\s\\S]*?)</${name}>`, 'g'))].map(
    (match) => match[1] ?? '',
  )

const TOKEN = /<\?[^>]*\?>|<!--[\s\S]*?-->|<(\/?)([A-Za-z_][\w.-]*)(?:\s[^<>]*?)?(\/?)>|[^<]+/y

/** Is it one element of that name, whose elements all end? A body that was cut is none, and nothing is taken from it. */
export function isDocument(xml: string, root: string): boolean {
  const open: string[] = []
  let roots = 0
  TOKEN.lastIndex = xml.startsWith('\uFEFF') ? 1 : 0
  while (TOKEN.lastIndex < xml.length) {
    const token = TOKEN.exec(xml)
    if (token === null) return false
    const [whole, end, name, isEmpty] = token
    if (name === undefined) {
      if (!whole.startsWith('<') && open.length === 0 && whole.trim() !== '') return false
    } else if (end === '/') {
      if (open.pop() !== name) return false
    } else {
      if (open.length === 0 && (name !== root || ++roots > 1)) return false
      if (isEmpty === '') open.push(name)
    }
  }
  return roots === 1 && open.length === 0
}

/**
 * In the service's words, the reason beside them (azure-sdk-for-python, recorded as test_set_delete_retention_policy_edge_cases).
 * @param reason a sentence
 */
export const invalidXml = (reason: string): HttpError =>
  new HttpError(400, 'InvalidXmlDocument', 'XML specified is not syntactically valid.', {
    details: { Reason: reason },
  })

const ENTITIES: Record<string, string> = { lt: '<', gt: '>', amp: '&', quot: '"', apos: "'" }

/** The text of an element, its references decoded; an unknown name stays as written. */
export const fromXml = (text: string): string =>
  text.replace(/&(?:#(\d{1,6})|#x([0-9a-f]{1,5})|(\w{2,4}));/gi, (whole, decimal, hex, name) => {
    if (name !== undefined) return ENTITIES[name] ?? whole
    return String.fromCodePoint(decimal === undefined ? Number.parseInt(hex, 16) : Number(decimal))
  })
