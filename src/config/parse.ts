import {
  type Document,
  isScalar,
  LineCounter,
  type Node,
  type Pair,
  parseDocument,
  visit,
  type YAMLError,
  type YAMLWarning,
} from 'yaml'
import type {z} from 'zod'
import {type Config, DEFAULTS} from '../config.js'
import type {Rule} from '../rule.js'
import {expandVariables} from './environment.js'
import {problemsOf} from './issues.js'
import {ConfigError, type Problem, type Source} from './problem.js'
import {configSchema} from './schema.js'
import {duplicateNames, isOfTarget, targetsOf} from './targets.js'

/** What is not `expanded` stays as written. Throws ConfigError with every mistake of the first stage that has any. */
export function parseConfig(
  file: string,
  text: string,
  rules: readonly Rule[],
  env: NodeJS.ProcessEnv,
  expanded: {connection: boolean; consoles: boolean},
): Config {
  const lines = new LineCounter()
  const source: Source = {file, text, lines}
  const document = parseYaml(source)
  if (document.contents === null) return {...structuredClone(DEFAULTS), file}
  refuse([...aliases(document), ...variablesElsewhere(document)], source)
  const schema = configSchema(rules)
  const parsed = schema.safeParse(document.toJS({maxAliasCount: 0}))
  if (!parsed.success) throw new ConfigError(problemsOf(parsed.error.issues, schema, document), source)
  refuse(duplicateNames(parsed.data.targets ?? [], document), source)
  const config: Config = {...structuredClone(DEFAULTS), ...settingsOf(parsed.data), file}
  if (parsed.data.targets) config.targets = targetsOf(parsed.data.targets, document, source, settingsOf)
  const expand = (text: string, path: (string | number)[]) => {
    const {value, problem} = expandVariables(text, env, path.filter(part => typeof part === 'string').join('.'))
    if (problem) refuse([{...spanOf(document.getIn(path, true) as Node), ...problem}], source)
    return value
  }
  if (expanded.connection && config.connection) config.connection = expand(config.connection, ['connection'])
  if (expanded.consoles)
    config.pgbouncer = config.pgbouncer?.map((text, at) => expand(text, ['pgbouncer', 'consoles', at]))
  return config
}

function parseYaml(source: Source): Document {
  const document = parseDocument(source.text, {lineCounter: source.lines, prettyErrors: false, stringKeys: true})
  const errors = [...document.errors, ...document.warnings]
  const duplicates = errors.filter(({code}) => code === 'DUPLICATE_KEY').map(error => duplicateKey(error, source))
  // One broken bracket makes many errors: all but the first only say so again.
  const broken = errors.filter(({code}) => code !== 'DUPLICATE_KEY').slice(0, 1)
  refuse([...broken.map(error => syntaxProblem(error, source)), ...duplicates], source)
  return document
}

function syntaxProblem({code, message, pos: [start, end]}: YAMLError | YAMLWarning, {text, lines}: Source): Problem {
  const line = text.split('\n')[lines.linePos(start).line - 1] ?? ''
  if (/call stack/.test(message)) return {start, end, message: 'nested too deeply', hint: 'is this the right file?'}
  if (code === 'MULTIPLE_DOCS') return {start, end, message: 'more than one document', hint: 'keep the first'}
  const hint = line.includes('${')
    ? `${VARIABLES_ELSEWHERE}; put it in quotes there`
    : 'check the indentation and the quotes'
  return {start, end, message: `invalid YAML: ${message}`, hint}
}

function duplicateKey({pos: [start]}: YAMLError | YAMLWarning, {text}: Source): Problem {
  const end = keyEnd(text, start)
  return {start, end, message: `duplicate key ${text.slice(start, end)}`, hint: 'keep one of them'}
}

const VARIABLES_ELSEWHERE = 'variables are expanded in connection, pgbouncer.consoles and history.place only'

const keyEnd = (text: string, start: number) => start + (/^[^\s:]*/.exec(text.slice(start))?.[0].length ?? 1)

function refuse(problems: Problem[], source: Source): void {
  if (problems.length > 0) throw new ConfigError(problems, source)
}

const spanOf = (node: Node) => ({start: node.range![0], end: node.range![1]})

/** A file this small needs no aliases, and without them there is no way to make it expand into gigabytes. */
function aliases(document: Document): Problem[] {
  const problems: Problem[] = []
  visit(document, {
    Alias: (_, alias) => {
      problems.push({...spanOf(alias), message: `alias *${alias.source} is not supported`, hint: 'write the value out'})
    },
  })
  return problems
}

function variablesElsewhere(document: Document): Problem[] {
  const problems: Problem[] = []
  visit(document, {
    Pair: (_, pair, path) => {
      const isConnection = path.length === 2 || isOfTarget(path)
      const isExpanded = isConnection ? keyOf(pair) === 'connection' : INNER.has(keyOf(pair))
      return isExpanded ? visit.SKIP : undefined
    },
    Scalar: (_, scalar) => {
      if (typeof scalar.value !== 'string' || !scalar.value.includes('${')) return
      problems.push({...spanOf(scalar), message: VARIABLES_ELSEWHERE, hint: 'write the value itself'})
    },
  })
  return problems
}

const INNER: ReadonlySet<unknown> = new Set(['consoles', 'place'])

const keyOf = (pair: Pair) => (isScalar(pair.key) ? pair.key.value : undefined)

export type Parsed = Omit<z.infer<ReturnType<typeof configSchema>>, 'targets'>

/** Only what is written: a target's own settings are laid over the file's. */
function settingsOf({load, hardware, pgbouncer, app, ...rest}: Parsed): Partial<Config> {
  const {requestTimeout, ...threads} = app ?? {}
  const settings = {
    ...rest,
    users: load?.users,
    app: app && threads,
    requestTimeout,
    pgbouncer: pgbouncer?.consoles,
    poolerProcesses: pgbouncer?.processes,
    poolerOpenFiles: pgbouncer?.openFiles,
    ramBytes: hardware?.ram,
    diskFreeBytes: hardware?.diskFree,
    cpus: hardware?.cpus,
    storage: hardware?.storage,
  }
  return Object.fromEntries(Object.entries(settings).filter(([, value]) => value !== undefined))
}
