import {type Document, isMap, isScalar, type Node} from 'yaml'
import type {z} from 'zod'
import {didYouMean, suggest} from '../suggest.js'
import type {Problem} from './problem.js'
import type {KeyHelp} from './schema.js'

type Issue = z.core.$ZodIssue
type Path = (string | number)[]

const KINDS: Record<string, string> = {object: 'a mapping', record: 'a mapping', array: 'a list', string: 'a text'}

/** zod's issues as mistakes at a place in the file, in the file's own words. */
export function problemsOf(issues: Issue[], schema: z.ZodType, document: Document): Problem[] {
  return issues.flatMap(issue => {
    const path = issue.path as Path
    if (issue.code === 'unrecognized_keys') return issue.keys.map(key => unknownKey(path, key, schema, document))
    return [wrongValue(issue, path, schema, document)]
  })
}

function unknownKey(path: Path, key: string, schema: z.ZodType, document: Document): Problem {
  const known = Object.keys(shapeOf(schemaAt(schema, path)) ?? {})
  const what = isRuleMap(path) ? 'rule' : local(path)[0] === 'rules' ? 'option' : 'key'
  const where = path.length > 0 && !isRuleMap(path) ? ` in ${dotted(path)}` : ''
  const otherwise =
    what === 'rule' ? 'see ahsp-db rules' : known.length > 0 ? `known: ${known.join(', ')}` : 'it has none'
  const hint = suggest(key, known, path.length === 0 ? nestedKey(key, schema, otherwise) : otherwise)
  return {...keySpan(document, path, key), message: `unknown ${what} ${JSON.stringify(key)}${where}`, hint}
}

/** `users` at the top is most likely meant for `load`. */
function nestedKey(key: string, schema: z.ZodType, otherwise: string): string {
  for (const [section, inner] of Object.entries(shapeOf(schema)!)) {
    const near = section === 'rules' ? undefined : didYouMean(key, Object.keys(shapeOf(inner) ?? {}))
    if (near) return `did you mean ${near} under ${section}?`
  }
  return otherwise
}

function wrongValue(issue: Issue, path: Path, schema: z.ZodType, document: Document): Problem {
  const node = document.getIn(path, true) as Node | undefined
  const help = schemaAt(schema, path)?.meta() as Partial<KeyHelp> | undefined
  const key = String(path.at(-1))
  const hint = help?.example ? `for example ${key}: ${help.example}` : 'compare with ahsp-db init --print'
  if (node === undefined) {
    const parent = document.getIn(path.slice(0, -1), true) as Node
    return {...span(parent), message: `missing key "${key}" in ${dotted(path.slice(0, -1))}`, hint}
  }
  const value: unknown = node.toJS(document)
  if (issue.code === 'invalid_value')
    return {...span(node), ...wrongChoice(path, value, issue.values.map(String), hint)}
  const got = local(path)[0] === 'connection' ? kindOf(value) : describe(value)
  const at = path.length > 0 ? `${dotted(path)}: ` : ''
  return {...span(node), message: `${at}${expectation(issue)}, got ${got}`, hint}
}

function wrongChoice(path: Path, value: unknown, values: string[], hint: string): {message: string; hint: string} {
  const [key] = local(path)
  const name = key === 'only' || key === 'skip' ? 'rule or category' : key === 'ignore' ? 'rule' : null
  const near = typeof value === 'string' ? didYouMean(value, values) : undefined
  const nearHint = near && `did you mean ${near}?`
  if (name && typeof value === 'string') {
    return {message: `unknown ${name} ${describe(value)}`, hint: nearHint ?? 'see ahsp-db rules'}
  }
  const expected = name ? `a ${name}` : `one of ${values.join(', ')}`
  return {message: `${dotted(path)}: expected ${expected}, got ${describe(value)}`, hint: nearHint ?? hint}
}

/** Our schema words most expectations itself; what it leaves to zod are plain kinds. */
function expectation(issue: Issue): string {
  if (issue.message.startsWith('expected ')) return issue.message
  return issue.code === 'invalid_type' ? `expected ${KINDS[issue.expected] ?? issue.expected}` : issue.message
}

/** A target has the keys of the whole file. */
const local = (path: Path) => (path[0] === 'targets' && path.length > 2 ? path.slice(2) : path)

function isRuleMap(path: Path): boolean {
  const [first, ...rest] = local(path)
  return rest.length === 0 && (first === 'rules' || first === 'severities')
}

/** ['ignore', 0, 'rule'] -> ignore[0].rule */
const dotted = (path: Path) =>
  path.map((key, i) => (typeof key === 'number' ? `[${key}]` : i === 0 ? key : `.${key}`)).join('')

function describe(value: unknown): string {
  if (typeof value !== 'string') return typeof value === 'object' ? kindOf(value) : String(value)
  if (/:\/\/|password/i.test(value)) return 'a connection'
  return JSON.stringify(value.length > 40 ? `${value.slice(0, 40)}...` : value)
}

function kindOf(value: unknown): string {
  if (value === null) return 'nothing'
  return Array.isArray(value) ? 'a list' : typeof value === 'object' ? 'a mapping' : `a ${typeof value}`
}

const span = (node: Node) => ({start: node.range![0], end: node.range![1]})

function keySpan(document: Document, path: Path, key: string): {start: number; end: number} {
  const map = path.length > 0 ? document.getIn(path, true) : document.contents
  const pair = isMap(map) ? map.items.find(item => isScalar(item.key) && item.key.value === key) : undefined
  return span((pair?.key ?? map) as Node)
}

/** The schema of the value at `path`, looking through optional(), default() and the like. */
function schemaAt(schema: z.ZodType, path: Path): z.ZodType | undefined {
  let current: z.ZodType | undefined = schema
  for (const key of path) {
    current = typeof key === 'number' ? elementOf(current) : shapeOf(current)?.[key]
  }
  return current
}

type Definition = {innerType?: z.ZodType; element?: z.ZodType; shape?: Record<string, z.ZodType>}
const definition = (schema: z.ZodType) => schema.def as Definition

/** Every level of the schema: shared with the commented file of `ahsp-db init`. */
export function shapeOf(schema: z.ZodType | undefined): Record<string, z.ZodType> | undefined {
  if (!schema) return undefined
  const {innerType, shape} = definition(schema)
  return innerType ? shapeOf(innerType) : shape
}

export function elementOf(schema: z.ZodType | undefined): z.ZodType | undefined {
  if (!schema) return undefined
  const {innerType, element} = definition(schema)
  return innerType ? elementOf(innerType) : element
}
