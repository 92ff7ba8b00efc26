import {type Document, isScalar, LineCounter, type Node, type Pair, parseDocument, visit} from 'yaml'
import type {z} from 'zod'
import {type Config, DEFAULTS} from '../config.js'
import type {Rule} from '../rule.js'
import {expandVariables} from './environment.js'
import {problemsOf} from './issues.js'
import {ConfigError, type Problem, type Source} from './problem.js'
import {configSchema} from './schema.js'

/** `env` null: `connection` stays as written. Throws ConfigError with every mistake of the first stage that has any. */
export function parseConfig(file: string, text: string, rules: readonly Rule[], env: NodeJS.ProcessEnv | null): Config {
  const lines = new LineCounter()
  const source: Source = {file, text, lines}
  const document = parseYaml(source)
  if (document.contents === null) return {...structuredClone(DEFAULTS), file}
  refuse([...aliases(document), ...variablesElsewhere(document)], source)
  const schema = configSchema(rules)
  const parsed = schema.safeParse(document.toJS({maxAliasCount: 0}))
  if (!parsed.success) throw new ConfigError(problemsOf(parsed.error.issues, schema, document), source)
  const config = shape(file, parsed.data)
  if (env && config.connection) {
    const {value, problem} = expandVariables(config.connection, env)
    if (problem) refuse([{...spanOf(document.getIn(['connection'], true) as Node), ...problem}], source)
    config.connection = value
  }
  return config
}

function parseYaml(source: Source): Document {
  try {
    const document = parseDocument(source.text, {lineCounter: source.lines, prettyErrors: false, stringKeys: true})
    const errors = [...document.errors, ...document.warnings].map(({code, message, pos: [start, end]}) =>
      code === 'DUPLICATE_KEY'
        ? {
            start,
            end: keyEnd(source.text, start),
            message: `duplicate key ${source.text.slice(start, keyEnd(source.text, start))}`,
            hint: 'keep one of them',
          }
        : {start, end, message: `invalid YAML: ${message}`, hint: 'check the indentation and the quotes'},
    )
    refuse(errors, source)
    return document
  } catch (error) {
    if (!(error instanceof RangeError)) throw error
    throw new ConfigError([{start: 0, end: 1, message: 'nested too deeply', hint: 'is this the right file?'}], source)
  }
}

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
    Pair: (_, pair, path) => (path.length === 2 && keyOf(pair) === 'connection' ? visit.SKIP : undefined),
    Scalar: (_, scalar) => {
      if (typeof scalar.value !== 'string' || !scalar.value.includes('${')) return
      const message = 'variables are expanded in connection only'
      problems.push({...spanOf(scalar), message, hint: 'write the value itself'})
    },
  })
  return problems
}

const keyOf = (pair: Pair) => (isScalar(pair.key) ? pair.key.value : undefined)

function shape(file: string, data: z.infer<ReturnType<typeof configSchema>>): Config {
  const {load, hardware, rules, severities, ...rest} = data
  return {
    ...structuredClone(DEFAULTS),
    ...rest,
    file,
    users: load?.users,
    ramBytes: hardware?.ram,
    cpus: hardware?.cpus,
    storage: hardware?.storage,
    rules: rules ?? {},
    severities: severities ?? {},
  } as Config
}
