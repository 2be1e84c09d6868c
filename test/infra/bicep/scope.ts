/** What the names of a template stand for, and the static type of an expression. */
import type { Block, Expression, Template } from './template.ts'
import { memberType, schemaOf, simple, suggestion, type Type, typeFromText } from './types.ts'

/** Allowed number of arguments and the result's type, for the functions in use. */
const FUNCTIONS: Record<string, { least: number; most: number; result: Type; members?: string[] }> = {
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
      return simple('any')
    case 'not':
      typeOf(node.operand, scope)
      return simple('bool')
    case 'object':
      for (const one of node.properties) typeOf(one.value, scope)
      return simple('object')
    case 'array': {
      const types = node.items.map((item) => typeOf(item, scope))
      return { is: 'list', of: types[0] ?? simple('any') }
    }
    case 'choice': {
      typeOf(node.condition, scope)
      typeOf(node.whenFalse, scope)
      return typeOf(node.whenTrue, scope)
    }
    case 'call':
      return typeOfCall(node, scope)
    case 'name':
      return typeOfName(node, scope)
    case 'index': {
      typeOf(node.index, scope)
      const of = typeOf(node.of, scope)
      return of.is === 'list' ? of.of : simple('any')
    }
    case 'member':
      return typeOfMember(node, scope)
  }
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
      const outputs = scope.modules.get(module.reference)?.outputs ?? []
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
    return simple('string')
  }
  const type = typeOf(of, scope)
  if (type.is === 'schema') {
    const member = memberType(type.schema, type.type, name)
    if (member) return member
    scope.report(line, `${type.type} has no member ${name}`)
  } else if (type.is === 'object') {
    return memberOfLiteral(of, name, line, scope)
  } else if (type.is !== 'any') {
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
