/** Checks templates against the resource types' schemas and against each other. */
import { existsSync, readFileSync } from 'node:fs'
import { dirname, join, posix } from 'node:path'
import { checkNames } from './names.ts'
import { blockOf, fits, type Scope, typeOf } from './scope.ts'
import type { Finding } from './syntax.ts'
import {
  type Block,
  type Expression,
  property,
  readTemplate,
  type Template,
  type UserType,
  walk,
} from './template.ts'
import { schemaOf, suggestion } from './types.ts'
import { checkObject } from './values.ts'

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
  const read = (path: string) => parsed(path, replaced[path] ?? readFileSync(join(folder, path), 'utf8'))
  const main = read('main.bicep')
  const modules = new Map<string, Template>()
  const shared = new Map<string, Template>()
  const reach = (template: Template) => {
    for (const block of template.blocks.filter(({ kind }) => kind === 'module')) {
      const path = pathFrom(template.file, block.reference)
      if (modules.has(path) || !existsSync(join(folder, path))) continue
      const found = read(path)
      modules.set(path, found)
      reach(found)
    }
    for (const { path: reference } of template.imports) {
      const path = pathFrom(template.file, reference)
      if (existsSync(join(folder, path))) shared.set(path, read(path))
    }
  }
  reach(main)
  const files = new Map([...modules, ...shared])
  const findings: Finding[] = [...shared.values()].flatMap((template) => template.findings)
  // Those that call come last: of a module with a finding of its own its callers say nothing.
  const broken = new Set<string>()
  for (const template of [...[...modules.values()].reverse(), main]) {
    const found = checkTemplate(template, files, folder, broken)
    if (found.length > 0) broken.add(template.file)
    findings.push(...found)
  }
  return { main, modules, findings }
}

/** Files that were read last, by path: of a thousand deployments with one mistake each, all but one file are the same. */
const lastRead = new Map<string, { source: string; template: Template }>()

function parsed(path: string, source: string): Template {
  const known = lastRead.get(path)
  if (known?.source === source) return known.template
  const template = readTemplate(path, source)
  // A file as it is comes again; one with a mistake does not.
  if (known === undefined) lastRead.set(path, { source, template })
  return template
}

/** A path as a template writes it, below the folder of main.bicep. */
export const pathFrom = (file: string, reference: string) => posix.join(posix.dirname(file), reference)

function checkTemplate(
  template: Template,
  modules: ReadonlyMap<string, Template>,
  folder: string,
  broken: ReadonlySet<string>,
): Finding[] {
  const findings = [...template.findings]
  if (findings.length > 0) return findings
  const report = (line: number, message: string) => {
    findings.push({ file: template.file, line, message })
  }
  const scope: Scope = { template, modules, loop: undefined, report, used: new Set() }
  const userTypes = checkImports(template, modules, report)
  findings.push(...checkNames(template))
  if (findings.length > 0) return findings

  const declared = [...template.parameters, ...template.variables, ...template.blocks, ...template.types]
  for (const [index, one] of declared.entries()) {
    if (declared.findIndex(({ name }) => name === one.name) !== index)
      report(one.line, `${one.name} is declared twice`)
  }
  for (const variable of template.variables) typeOf(variable.value, scope)
  for (const parameter of template.parameters) {
    if (userTypes.has(parameter.type)) scope.used.add(parameter.type)
    else if (!PRIMITIVES.includes(parameter.type.replace(/(?:\[\]|\?)$/, '')))
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
    if (block.kind === 'module') checkModule(block, inner, broken)
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
  for (const { names, line } of template.imports)
    for (const name of names) if (!scope.used.has(name)) report(line, `${name} is not used`)
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

function checkModule(block: Block, scope: Scope, broken: ReadonlySet<string>): void {
  const path = pathFrom(scope.template.file, block.reference)
  const target = scope.modules.get(path)
  if (!target) {
    scope.report(block.line, `there is no module ${block.reference}`)
    return
  }
  for (const { name, line } of block.body.properties) {
    if (!['name', 'scope', 'params', 'dependsOn'].includes(name))
      scope.report(line, `a module has no ${name}`)
  }
  if (target.targetScope !== 'resourceGroup')
    scope.report(block.line, `${path} is no module of a resource group`)
  const group = property(block.body, 'scope')
  // A module of a module is deployed where that is.
  if (scope.template.targetScope === 'resourceGroup' && !group) {
    typeOf(block.body, scope)
  } else if (
    !group ||
    blockOf(group, scope)?.reference.startsWith('Microsoft.Resources/resourceGroups@') !== true
  ) {
    scope.report(block.line, 'a module is deployed to the resource group')
  } else typeOf(block.body, scope)
  if (broken.has(path)) return
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
    } else if (!fitsParameter(value, parameter.type, target, scope))
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

const PRIMITIVES = ['string', 'int', 'bool', 'object', 'array']

/** Reports imports of what is not there. @returns the types that the template knows. */
function checkImports(
  template: Template,
  files: ReadonlyMap<string, Template>,
  report: Scope['report'],
): ReadonlyMap<string, UserType> {
  const known = new Map(template.types.map((one) => [one.name, one]))
  for (const { names, path, line } of template.imports) {
    const source = files.get(pathFrom(template.file, path))
    if (!source) report(line, `there is no file ${path}`)
    for (const name of source ? names : []) {
      const type = source?.types.find((one) => one.name === name)
      if (type) known.set(name, type)
      else
        report(
          line,
          `${path} has no type ${name}${suggestion(name, source?.types.map((one) => one.name) ?? [])}`,
        )
    }
  }
  return known
}

/** Of a type that a file of ours declares: an object with its properties. */
function fitsParameter(value: Expression, type: string, target: Template, scope: Scope): boolean {
  const found = typeOf(value, scope)
  const wanted = checkImports(target, scope.modules, () => {}).get(type)
  if (!wanted) return fits(found, type)
  const named = value.kind === 'name' ? value.name : undefined
  const parameter = scope.template.parameters.find(({ name }) => name === named)
  if (parameter) return parameter.type === type || parameter.type === 'object'
  const literal = scope.template.variables.find(({ name }) => name === named)?.value ?? value
  if (literal.kind !== 'object') return fits(found, 'object')
  return (
    [...wanted.properties].every(([name]) => property(literal, name)) &&
    literal.properties.every((one) => {
      const expected = wanted.properties.get(one.name) ?? wanted.additional
      return expected !== undefined && fits(typeOf(one.value, scope), expected)
    })
  )
}

const same = (one: Expression, other: Expression | undefined) =>
  other !== undefined && 'value' in one && 'value' in other && one.value === other.value
