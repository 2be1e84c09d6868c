/** What the names of a template stand for, and the static type of an expression. */
import { posix } from 'node:path'
import type { Block, Expression, Template } from './template.ts'
import { memberType, schemaOf, simple, suggestion, type Type, typeFromText } from './types.ts'

/** Allowed number of arguments and the result's type, for the functions that a template of this kind may use. */
const FUNCTIONS: Record<string, { least: number; most: number; result: Type; members?: string[] }> = {
  ...textFunctions(),
  environment: {
    least: 0,
    most: 0,
    result: simple('object'),
    members: ['suffixes', 'name', 'authentication', 'resourceManager', 'portal'],
  },
  resourceGroup: { least: 0, most: 0, result: simple('object'), members: ['id', 'name', 'location', 'tags'] },
  deployment: { least: 0, most: 0, result: simple('object'), members: ['name', 'properties', 'location'] },
  empty: { least: 1, most: 1, result: simple('bool') },
  guid: { least: 1, most: 9, result: simple('string') },
  loadTextContent: { least: 1, most: 2, result: simple('string') },
  subscription: {
    least: 0,
    most: 0,
    result: simple('object'),
    members: ['id', 'subscriptionId', 'tenantId', 'displayName'],
  },
  subscriptionResourceId: { least: 2, most: 9, result: simple('string') },
  tenant: { least: 0, most: 0, result: simple('object'), members: ['tenantId', 'displayName'] },
  uniqueString: { least: 1, most: 9, result: simple('string') },
}

/** Functions by the type of their result; those of which the number of arguments is not checked take up to nine. */
function textFunctions(): Record<string, { least: number; most: number; result: Type }> {
  const results = {
    string:
      'base64 concat format join json newGuid:0 padLeft resourceId:2 string:1 substring:2 take:2 toLower:1 toUpper:1 trim:1 uri:2 utcNow:0 replace:3 first last loadFileAsBase64 tenantResourceId:2 extensionResourceId:2 dateTimeAdd',
    int: 'int:1 length:1 min max indexOf:2 lastIndexOf:2',
    bool: 'bool:1 contains:2 endsWith:2 startsWith:2',
    array: 'array:1 range:2 skip:2 split:2 objectKeys:1 items:1 flatten:1 intersection',
    any: 'coalesce any:1 union loadJsonContent loadYamlContent filter map reduce sort toObject reference listKeys',
    object: 'createObject getSecret',
  } as const
  const entries = Object.entries(results).flatMap(([is, names]) =>
    names.split(' ').map((text) => {
      const [name = '', count] = text.split(':')
      const least = count === undefined ? 1 : Number(count)
      const most = count === undefined || name === 'resourceId' || name === 'padLeft' ? 9 : least
      return [name, { least, most, result: simple(is as 'string') }] as const
    }),
  )
  return Object.fromEntries(entries)
}

/** Types that are named by id alone, so that no schema of theirs is needed. */
const TYPES_BY_ID = ['Microsoft.Authorization/roleDefinitions', 'Microsoft.Resources/resourceGroups']

export interface Scope {
  template: Template
  modules: ReadonlyMap<string, Template>
  /** Names of the loop around the expression. */
  loop: Block['loop']
  report: (line: number, message: string) => void
  used: Set<string>
}

const typeNamed = (name: string): Type =>
  name === 'string' || name === 'int' || name === 'bool' || name === 'object' || name === 'array'
    ? simple(name)
    : simple('any')

/** Infers the type and reports names, members, functions and arguments that do not exist. */
export function typeOf(node: Expression, scope: Scope): Type {
  switch (node.kind) {
    case 'string':
      for (const part of node.parts) typeOf(part, scope)
      if (/\$(?!\{)/.test(node.text))
        scope.report(node.line, `'${node.text}' looks like a broken interpolation`)
      return simple('string')
    case 'number':
      return simple('int')
    case 'boolean':
      return simple('bool')
    case 'null':
      return simple('null')
    case 'not':
      wants(node.operand, 'bool', scope)
      return simple('bool')
    case 'binary':
      return typeOfBinary(node, scope)
    case 'object':
      for (const one of node.properties) typeOf(one.value, scope)
      return simple('object')
    case 'array': {
      const types = node.items.map((item) => typeOf(item, scope))
      return { is: 'list', of: types[0] ?? simple('any') }
    }
    case 'choice': {
      wants(node.condition, 'bool', scope)
      return { is: 'either', of: [typeOf(node.whenTrue, scope), typeOf(node.whenFalse, scope)] }
    }
    case 'call':
      return typeOfCall(node, scope)
    case 'name':
      return typeOfName(node, scope)
    case 'index': {
      typeOf(node.index, scope)
      const of = typeOf(node.of, scope)
      const block = blockOf(node.of, scope)
      if (block && !block.loop) scope.report(node.line, `${block.name} is one, and takes no index`)
      else if (of.is === 'bool' || of.is === 'int' || of.is === 'string')
        scope.report(node.line, `a value of type ${of.is} takes no index`)
      return of.is === 'list' ? of.of : simple('any')
    }
    case 'member':
      return typeOfMember(node, scope)
  }
}

const LOGICAL = ['&&', '||']
const COMPARISONS = ['<', '>', '<=', '>=']

function typeOfBinary({ operator, left, right }: Expression & { kind: 'binary' }, scope: Scope): Type {
  if (operator === '??') return { is: 'either', of: [typeOf(left, scope), typeOf(right, scope)] }
  const isLogical = LOGICAL.includes(operator)
  if (isLogical || /^[-+*/%]$/.test(operator)) {
    for (const side of [left, right]) wants(side, isLogical ? 'bool' : 'int', scope)
    return simple(isLogical ? 'bool' : 'int')
  }
  const types = [typeOf(left, scope), typeOf(right, scope)]
  if (COMPARISONS.includes(operator)) {
    for (const [index, type] of types.entries())
      if (!fits(type, 'int') && !fits(type, 'string'))
        scope.report((index === 0 ? left : right).line, `${operator} compares numbers or texts`)
  }
  return simple('bool')
}

function wants(node: Expression, type: string, scope: Scope): void {
  if (!fits(typeOf(node, scope), type)) scope.report(node.line, `a ${type} is wanted`)
}

/** Whether a value of the type can stand where the wanted one is. */
export function fits(type: Type, wanted: string): boolean {
  if (type.is === 'either') return type.of.every((one) => fits(one, wanted))
  if (type.is === 'any' || wanted === 'any') return true
  if (type.is === 'list') return wanted === 'array'
  if (type.is === 'schema') return wanted === 'object'
  return type.is === wanted
}

function typeOfCall(node: Expression & { kind: 'call' }, scope: Scope): Type {
  for (const argument of node.arguments) typeOf(argument, scope)
  const known = FUNCTIONS[node.name]
  if (!known) {
    scope.report(node.line, `unknown function ${node.name}${suggestion(node.name, Object.keys(FUNCTIONS))}`)
    return simple('any')
  }
  const [first] = node.arguments
  if (
    node.name === 'subscriptionResourceId' &&
    first?.kind === 'string' &&
    !TYPES_BY_ID.includes(first.text)
  ) {
    scope.report(node.line, `unknown resource type ${first.text}${suggestion(first.text, TYPES_BY_ID)}`)
  }
  const count = node.arguments.length
  if (count < known.least || count > known.most)
    scope.report(node.line, `${node.name} takes no ${count} arguments`)
  return known.result
}

function typeOfName(node: Expression & { kind: 'name' }, scope: Scope): Type {
  const { template, loop } = scope
  scope.used.add(node.name)
  if (loop && node.name === loop.item) {
    const over = typeOf(loop.over, scope)
    return over.is === 'list' ? over.of : simple('any')
  }
  if (loop && node.name === loop.index) return simple('int')
  const parameter = template.parameters.find(({ name }) => name === node.name)
  if (parameter) return typeNamed(parameter.type)
  const variable = template.variables.find(({ name }) => name === node.name)
  if (variable) return typeOf(variable.value, { ...scope, loop: undefined })
  const block = template.blocks.find(({ name }) => name === node.name)
  if (block) return block.loop ? { is: 'list', of: simple('any') } : simple('any')
  const known = [...template.parameters, ...template.variables, ...template.blocks].map(({ name }) => name)
  scope.report(node.line, `unknown name ${node.name}${suggestion(node.name, known)}`)
  return simple('any')
}

function typeOfMember(node: Expression & { kind: 'member' }, scope: Scope): Type {
  const { of, name, line } = node
  const block = blockOf(of, scope)
  if (block) {
    typeOf(of, scope)
    return memberOfBlock(block, name, line, scope)
  }
  // module.outputs.name
  if (of.kind === 'member' && of.name === 'outputs') {
    const module = blockOf(of.of, scope)
    if (module?.kind === 'module') {
      typeOf(of.of, scope)
      const outputs =
        scope.modules.get(posix.join(posix.dirname(scope.template.file), module.reference))?.outputs ?? []
      const output = outputs.find((one) => one.name === name)
      if (output) return typeNamed(output.type)
      scope.report(
        line,
        `${module.name} has no output ${name}${suggestion(
          name,
          outputs.map((one) => one.name),
        )}`,
      )
      return simple('any')
    }
  }
  if (of.kind === 'call') {
    const members = FUNCTIONS[of.name]?.members
    if (members && !members.includes(name)) scope.report(line, `${of.name}() has no member ${name}`)
    typeOf(of, scope)
    return simple(of.name === 'environment' && name === 'suffixes' ? 'any' : 'string')
  }
  const type = typeOf(of, scope)
  if (type.is === 'null') scope.report(line, `null has no member ${name}`)
  else if (type.is === 'schema') {
    const member = memberType(type.schema, type.type, name)
    if (member) return member
    scope.report(line, `${type.type} has no member ${name}`)
  } else if (type.is === 'object') {
    return memberOfLiteral(of, name, line, scope)
  } else if (type.is !== 'any' && type.is !== 'either') {
    scope.report(line, `a value of type ${type.is} has no member ${name}`)
  }
  return simple('any')
}

/** The resource or module that an expression names, directly or as one of a loop. */
export function blockOf(node: Expression, scope: Pick<Scope, 'template'>): Block | undefined {
  const name = node.kind === 'index' ? node.of : node
  return name.kind === 'name' ? scope.template.blocks.find((block) => block.name === name.name) : undefined
}

function memberOfBlock(block: Block, name: string, line: number, scope: Scope): Type {
  if (block.kind === 'module') {
    if (name !== 'outputs' && name !== 'name') scope.report(line, `a module has no member ${name}`)
    return simple('any')
  }
  const schema = schemaOf(block.reference)
  const property = schema?.body.properties[name]
  if (schema && property) return typeFromText(schema, property.type)
  scope.report(
    line,
    `${block.name} has no member ${name}${suggestion(name, Object.keys(schema?.body.properties ?? {}))}`,
  )
  return simple('any')
}

/** Members of objects that the template itself writes down: a variable, or the items that a loop runs over. */
function memberOfLiteral(of: Expression, name: string, line: number, scope: Scope): Type {
  if (of.kind !== 'name') return simple('any')
  const isItem = of.name === scope.loop?.item
  const source = isItem && scope.loop?.over.kind === 'name' ? scope.loop.over.name : of.name
  const literal = scope.template.variables.find((one) => one.name === source)?.value
  const objects = literal?.kind === 'array' ? literal.items : literal ? [literal] : []
  for (const object of objects) {
    if (object.kind !== 'object') continue
    const property = object.properties.find((one) => one.name === name)
    if (!property) {
      scope.report(
        line,
        `${of.name} has no member ${name}${suggestion(
          name,
          object.properties.map((one) => one.name),
        )}`,
      )
      return simple('any')
    }
    return typeOf(property.value, { ...scope, loop: undefined })
  }
  return simple('any')
}
