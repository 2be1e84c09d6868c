/** The snapshot of the resource types' schemas, and what a value of one may be. */
import { readFileSync } from 'node:fs'
import { nearest } from '../../../src/config/suggest.ts'

interface Property {
  type: string
  required?: true
  readOnly?: true
  minLength?: number
  maxLength?: number
  pattern?: string
}
export interface ObjectType {
  properties: Record<string, Property>
  additional?: string
}
export interface UnionType {
  discriminator: string
  elements: Record<string, ObjectType>
}
export interface ResourceSchema {
  body: ObjectType
  types: Record<string, ObjectType | UnionType>
}

const file = new URL('../fixtures/resource-types.json', import.meta.url)
const snapshot = JSON.parse(readFileSync(file, 'utf8')) as Record<string, ResourceSchema>

/** @param reference `Microsoft.Storage/storageAccounts@2026-06-01` */
export const schemaOf = (reference: string): ResourceSchema | undefined => snapshot[reference]
export const suggestion = (word: string, known: Iterable<string>) => {
  const meant = nearest(word, known)
  return meant ? `; did you mean ${meant}?` : ''
}

/** The static type of an expression: a Bicep type, or an object type of a schema. */
export type Type =
  | { is: 'string' | 'int' | 'bool' | 'object' | 'array' | 'any' | 'null' }
  /** Of a choice: what fits must fit for each. */
  | { is: 'either'; of: Type[] }
  | { is: 'schema'; schema: ResourceSchema; type: string }
  | { is: 'list'; of: Type }

export const simple = (is: 'string' | 'int' | 'bool' | 'object' | 'array' | 'any' | 'null'): Type => ({ is })

/** Enums are open in the schemas (`A | string`); these values are right though the snapshot does not list them. */
export const VALUES_BEYOND_THE_SNAPSHOT = new Set(['StandardV2'])

/** With a managed identity the service wants no keys, whatever the schema calls required. */
export const KEYS_REPLACED_BY_IDENTITY = new Set([
  'accountKey',
  'sharedAccessPolicyName',
  'sharedAccessPolicyKey',
])

/** What a schema's type text (`A | B | string`, `Sku`, `Container[]`) means for a reader of the value. */
export function typeFromText(schema: ResourceSchema, text: string): Type {
  if (text.endsWith('[]')) return { is: 'list', of: typeFromText(schema, text.slice(0, -2)) }
  if (schema.types[text]) return { is: 'schema', schema, type: text }
  if (text === 'int' || text === 'bool' || text === 'any') return simple(text)
  if (text === 'true' || text === 'false') return simple('bool')
  return simple('string')
}

/** The type of `value.name`; undefined: there is no such member. */
export function memberType(schema: ResourceSchema, type: string, name: string): Type | undefined {
  const object = schema.types[type]
  if (!object || 'elements' in object) return undefined
  const property = object.properties[name]
  if (property) return typeFromText(schema, property.type)
  return object.additional ? typeFromText(schema, object.additional) : undefined
}
