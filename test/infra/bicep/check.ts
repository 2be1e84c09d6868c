/** Checks templates against the resource types' schemas and against each other. */
import { existsSync, readFileSync } from 'node:fs'
import { dirname, join, posix } from 'node:path'
import { blockOf, type Scope, typeOf } from './scope.ts'
import type { Finding } from './syntax.ts'
import { type Block, type Expression, property, readTemplate, type Template, walk } from './template.ts'
import { schemaOf, suggestion } from './types.ts'
import { checkObject, fits } from './values.ts'

const BLOCK_PROPERTIES = ['parent', 'scope', 'dependsOn']

export interface Deployment {
  main: Template
  /** By path as main.bicep writes it. */
  modules: ReadonlyMap<string, Template>
  findings: readonly Finding[]
}

/**
 * @param folder holds main.bicep and modules/
 * @param replaced sources to take in place of the files, by path below the folder
 */
export function checkDeployment(folder: string, replaced: Readonly<Record<string, string>> = {}): Deployment {
  const read = (path: string) => replaced[path] ?? readFileSync(join(folder, path), 'utf8')
  const main = readTemplate('main.bicep', read('main.bicep'))
  const modules = new Map<string, Template>()
  for (const block of main.blocks.filter(({ kind }) => kind === 'module')) {
    if (existsSync(join(folder, block.reference)))
      modules.set(block.reference, readTemplate(block.reference, read(block.reference)))
  }
  const findings = [main, ...modules.values()].flatMap((template) => checkTemplate(template, modules, folder))
  return { main, modules, findings }
}

function checkTemplate(
  template: Template,
  modules: ReadonlyMap<string, Template>,
  folder: string,
): Finding[] {
  const findings = [...template.findings]
  if (findings.length > 0) return findings
  const report = (line: number, message: string) => {
    findings.push({ file: template.file, line, message })
  }
  const scope: Scope = { template, modules, loop: undefined, report, used: new Set() }

  const declared = [...template.parameters, ...template.variables, ...template.blocks]
  for (const [index, one] of declared.entries()) {
    if (declared.findIndex(({ name }) => name === one.name) !== index)
      report(one.line, `${one.name} is declared twice`)
  }
  for (const variable of template.variables) typeOf(variable.value, scope)
  for (const parameter of template.parameters) {
    if (!['string', 'int', 'bool', 'object', 'array'].includes(parameter.type))
      report(parameter.line, `unknown type ${parameter.type}`)
    if (parameter.default && !fits(typeOf(parameter.default, scope), parameter.type)) {
      report(parameter.line, `the default of ${parameter.name} is no ${parameter.type}`)
    }
    const allowed = parameter.decorators.get('allowed')?.[0]
    if (
      allowed?.kind === 'array' &&
      parameter.default &&
      !allowed.items.some((item) => same(item, parameter.default))
    ) {
      report(parameter.line, `the default of ${parameter.name} is not allowed`)
    }
  }
  for (const block of template.blocks) {
    const inner = { ...scope, loop: block.loop }
    if (block.loop) typeOf(block.loop.over, scope)
    if (block.condition && !fits(typeOf(block.condition, scope), 'bool'))
      report(block.line, 'a condition is true or false')
    if (block.kind === 'module') checkModule(block, inner)
    else checkResource(block, inner)
    checkFiles(block, template, folder, report)
  }
  for (const output of template.outputs) {
    if (!fits(typeOf(output.value, scope), output.type))
      report(output.line, `output ${output.name} is no ${output.type}`)
  }
  for (const { name, line } of [...template.parameters, ...template.variables]) {
    if (!scope.used.has(name)) report(line, `${name} is not used`)
  }
  for (const block of template.blocks) {
    if (block.existing && !scope.used.has(block.name)) report(block.line, `${block.name} is not used`)
  }
  return findings
}

function checkFiles(block: Block, template: Template, folder: string, report: Scope['report']): void {
  for (const node of walk(block.body)) {
    if (node.kind !== 'call' || node.name !== 'loadTextContent') continue
    const [argument] = node.arguments
    const path = argument?.kind === 'string' ? argument.text : ''
    if (!existsSync(join(folder, dirname(template.file), path))) report(node.line, `there is no file ${path}`)
  }
}

function checkModule(block: Block, scope: Scope): void {
  const target = scope.modules.get(block.reference)
  if (!target) {
    scope.report(block.line, `there is no module ${block.reference}`)
    return
  }
  for (const { name, line } of block.body.properties) {
    if (!['name', 'scope', 'params', 'dependsOn'].includes(name))
      scope.report(line, `a module has no ${name}`)
  }
  const group = property(block.body, 'scope')
  if (!group || blockOf(group, scope)?.reference.startsWith('Microsoft.Resources/resourceGroups@') !== true) {
    scope.report(block.line, 'a module is deployed to the resource group')
  }
  typeOf(block.body, scope)
  const given = property(block.body, 'params')
  const properties = given?.kind === 'object' ? given.properties : []
  for (const { name, line, value } of properties) {
    const parameter = target.parameters.find((one) => one.name === name)
    if (!parameter) {
      scope.report(
        line,
        `${block.reference} has no parameter ${name}${suggestion(
          name,
          target.parameters.map((one) => one.name),
        )}`,
      )
    } else if (!fits(typeOf(value, scope), parameter.type))
      scope.report(line, `${name} wants a ${parameter.type}`)
  }
  for (const parameter of target.parameters) {
    if (!parameter.default && !properties.some(({ name }) => name === parameter.name)) {
      scope.report(block.line, `${block.reference} needs ${parameter.name}`)
    }
  }
}

function checkResource(block: Block, scope: Scope): void {
  const schema = schemaOf(block.reference)
  if (!schema) {
    scope.report(block.line, `unknown resource type or version ${block.reference}`)
    return
  }
  const type = block.reference.split('@')[0] ?? ''
  const parent = property(block.body, 'parent')
  const depth = type.split('/').length
  if (depth > 2) {
    const above = parent && blockOf(parent, scope)?.reference.split('@')[0]
    if (above !== posix.dirname(type))
      scope.report(block.line, `${block.name} needs a parent of type ${posix.dirname(type)}`)
  } else if (parent) scope.report(block.line, `${block.name} can have no parent`)
  if (type === 'Microsoft.Authorization/roleAssignments' && !property(block.body, 'scope')) {
    scope.report(block.line, 'a role assignment names the resource that it is for')
  }
  for (const name of BLOCK_PROPERTIES) {
    const value = property(block.body, name)
    if (!value) continue
    typeOf(value, scope)
    const references = value.kind === 'array' ? value.items : [value]
    for (const reference of references) {
      if (!blockOf(reference, scope)) scope.report(value.line, `${name} names a resource`)
    }
  }
  const own = {
    ...block.body,
    properties: block.body.properties.filter(({ name }) => !BLOCK_PROPERTIES.includes(name)),
  }
  if (block.existing) {
    if (!property(own, 'name')) scope.report(block.line, `${block.name} has no name`)
    for (const { name, line, value } of own.properties) {
      if (name !== 'name') scope.report(line, `an existing resource is named, not configured: ${name}`)
      typeOf(value, scope)
    }
    return
  }
  // A resource that can have tags lives somewhere, whether or not its schema says that the place is required.
  const { location, tags } = schema.body.properties
  if (location && tags && !property(own, 'location'))
    scope.report(block.line, `${block.name} has no location`)
  checkObject(own, schema.body, schema, scope)
}

const same = (one: Expression, other: Expression | undefined) =>
  other !== undefined && 'value' in one && 'value' in other && one.value === other.value
