/** Checks the values in a template against the schema of their resource type. */
import { fits, type Scope, typeOf } from './scope.ts'
import { type Expression, type ObjectExpression, property } from './template.ts'
import {
  KEYS_REPLACED_BY_IDENTITY,
  type ObjectType,
  type ResourceSchema,
  suggestion,
  type Type,
  type UnionType,
  VALUES_BEYOND_THE_SNAPSHOT,
} from './types.ts'

/** Reports what a resource type's schema does not allow in an object. */
export function checkObject(
  object: ObjectExpression,
  type: ObjectType,
  schema: ResourceSchema,
  scope: Scope,
): void {
  const seen = new Set<string>()
  for (const { name, line, value } of object.properties) {
    if (seen.has(name)) scope.report(line, `${name} is given twice`)
    seen.add(name)
    const known = type.properties[name]
    if (known?.readOnly) scope.report(line, `${name} is read-only`)
    else if (known) checkValue(value, known, schema, scope)
    else if (type.additional) checkValue(value, { type: type.additional }, schema, scope)
    else scope.report(line, `there is no property ${name}${suggestion(name, Object.keys(type.properties))}`)
  }
  for (const [name, { required, readOnly }] of Object.entries(type.properties)) {
    if (!required || readOnly || seen.has(name) || KEYS_REPLACED_BY_IDENTITY.has(name)) continue
    scope.report(object.line, `${name} is missing`)
  }
}

function checkValue(
  value: Expression,
  expected: ObjectType['properties'][string],
  schema: ResourceSchema,
  scope: Scope,
): void {
  const { type } = expected
  const definition = schema.types[type]
  if (value.kind === 'object' && definition) {
    const object = 'elements' in definition ? elementOf(value, definition) : definition
    if (object) checkObject(value, object, schema, scope)
    else scope.report(value.line, `${type} has no such form`)
    return
  }
  if (value.kind === 'array' && type.endsWith('[]')) {
    for (const item of value.items) checkValue(item, { type: type.slice(0, -2) }, schema, scope)
    return
  }
  // Null is as if it were left out.
  const found = expected.required ? typeOf(value, scope) : withoutNull(typeOf(value, scope))
  if (!expected.required && found.is === 'null') return
  const words = type.split(' | ')
  const wanted = definition
    ? 'object'
    : type.endsWith('[]')
      ? 'array'
      : words.find((word) => ['string', 'int', 'bool', 'any'].includes(word))
  const literals = words.filter((word) => !['string', 'int', 'bool', 'any'].includes(word))
  if (value.kind === 'string' && value.value !== undefined && !definition) {
    if (
      literals.length > 0 &&
      !literals.includes(value.value) &&
      !VALUES_BEYOND_THE_SNAPSHOT.has(value.value)
    ) {
      scope.report(value.line, `'${value.value}' is none of: ${literals.join(', ')}`)
    }
    checkLength(value.value, expected, value.line, scope)
  }
  if (value.kind === 'boolean' && literals.includes(String(value.value))) return
  if (!fits(found, wanted ?? 'string')) scope.report(value.line, `expected ${type}, found ${found.is}`)
}

/** A choice between null and something else is that. */
function withoutNull(type: Type): Type {
  const [one, ...others] = type.is === 'either' ? type.of.filter(({ is }) => is !== 'null') : []
  return one && others.length === 0 ? one : type
}

/** The form of a discriminated type that the value's discriminator names. */
function elementOf(value: ObjectExpression, { discriminator, elements }: UnionType): ObjectType | undefined {
  const kind = property(value, discriminator)
  return kind?.kind === 'string' ? elements[kind.text] : undefined
}

function checkLength(
  text: string,
  { minLength = 0, maxLength = 1e9, pattern }: ObjectType['properties'][string],
  line: number,
  scope: Scope,
): void {
  if (text.length < minLength || text.length > maxLength)
    scope.report(line, `'${text}' is too short or too long`)
  if (pattern && !new RegExp(pattern).test(text)) scope.report(line, `'${text}' does not match ${pattern}`)
}
