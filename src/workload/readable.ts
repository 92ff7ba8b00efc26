import {tableOf} from '../derive/n-plus-one/path.js'
import {pascal} from '../derive/n-plus-one/words.js'
import type {Application} from '../snapshot.js'
import type {TableName} from '../sql/parse.js'
import type {Relation} from '../sql/shape.js'
import {depths, isWord, joined, type Token, tokensOf, word} from './tokens.js'

type Models = Application['djangoModels']

/** `dashboard.Project` where Django's own table of models knows it, else the table's name. */
export const shownTable = (table: TableName, models: Models): string => modelOf(table, models)?.join('.') ?? table.name

/** Application and class. */
function modelOf({schema, name}: TableName, models: Models): [string, string] | null {
  const {model} = tableOf({schema: schema ?? '', table: name}, models)
  return model && [model.app, pascal(model.model) || model.model]
}

/** One line for people: models for tables, no needless quotes and qualifiers, long lists by their number. */
export function readable(
  text: string,
  tables: readonly TableName[],
  relations: readonly Relation[],
  models: Models,
): string {
  const tokens = tokensOf(text)
  const short = withoutConditions(insertLists(selectList(tokens)))
  return joined(named(short, {tables, relations, models})).replace(LISTS, '(...)')
}

/** Two values or more. */
const LISTS = /\(\s*\$\d+(?:\s*,\s*(?:\$\d+|\.\.\.))+\s*\)/g

type Names = {tables: readonly TableName[]; relations: readonly Relation[]; models: Models}

function named(given: readonly Token[], {tables, relations, models}: Names): Token[] {
  const tokens = [...given]
  const lone = tables.length === 1 ? tables[0]! : null
  const aliases = new Set(relations.map(({alias}) => alias).filter(alias => tables.every(({name}) => name !== alias)))
  const tableAt = (at: number) => {
    const known = tokens[at]?.name ?? null
    return known === null ? undefined : tables.find(({name}) => name === known)
  }
  /** What follows a qualifier that is left out stands in its place. */
  const moveUp = (at: number) => {
    if (tokens[at + 2]) tokens[at + 2] = {...tokens[at + 2]!, spaced: tokens[at]!.spaced}
  }
  const isSchema = (at: number) => tableAt(at + 2) !== undefined && tableAt(at + 2)!.schema === tokens[at]!.name
  const shown: Token[] = []
  for (let at = 0; at < tokens.length; at++) {
    const token = tokens[at]!
    const isQualifier = token.name !== null && tokens[at + 1]?.text === '.'
    if (isQualifier && isSchema(at)) {
      moveUp(at)
      at += 1
      continue
    }
    const table = tableAt(at)
    if (isQualifier && lone && (table || aliases.has(token.name!))) {
      moveUp(at)
      at += 1
    } else if (table && isQualifier) {
      shown.push({...token, text: modelOf(table, models)?.[1] ?? token.text})
    } else if (table && isWord(shown.at(-1), 'FROM', 'JOIN', 'INTO', 'UPDATE', 'ONLY')) {
      shown.push({...token, text: modelOf(table, models)?.join('.') ?? token.text})
      if (lone) at += aliasLength(tokens, at, aliases)
    } else shown.push(token)
  }
  return shown
}

/** Tokens of `AS alias` behind a table. */
function aliasLength(tokens: readonly Token[], at: number, aliases: ReadonlySet<string>): number {
  const hasAs = isWord(tokens[at + 1], 'AS')
  const alias = tokens[at + (hasAs ? 2 : 1)]
  return alias?.name && aliases.has(alias.name) ? (hasAs ? 2 : 1) : 0
}

const FEW = 3
const SHORT = 24

/** What a SELECT returns: up to three columns by name, else how many; functions by name. */
function selectList(tokens: Token[]): Token[] {
  if (!isWord(tokens[0], 'SELECT')) return tokens
  const depth = depths(tokens)
  const from = tokens.findIndex((token, at) => depth[at] === 0 && isWord(token, 'FROM'))
  const start = isWord(tokens[1], 'DISTINCT', 'ALL') ? 2 : 1
  if (from < 0 || isWord(tokens[start], 'ON')) return tokens
  const items = split(tokens.slice(start, from), depth.slice(start, from))
  const columns = items.filter(isColumn)
  const computed = items.filter(item => !isColumn(item)).map(functionName)
  const names = columns.length > FEW ? [`${columns.length} columns`] : columns.map(item => joined(item))
  if (columns.length <= FEW && computed.length <= FEW && joined(tokens.slice(start, from)).length <= 2 * SHORT)
    return tokens
  const shown =
    columns.length > FEW ? [word(names[0]!)] : columns.flatMap((item, at) => [...(at > 0 ? [comma] : []), ...item])
  const counted = computed.length > FEW ? [`${computed.length} expressions`] : computed
  const list = [
    ...shown,
    ...counted.flatMap((text, at) => [...(at > 0 || shown.length > 0 ? [comma] : []), word(text)]),
  ]
  return [...tokens.slice(0, start), ...list, ...tokens.slice(from)]
}

const comma: Token = {text: ',', name: null, isQuoted: false, spaced: false}

function split(tokens: readonly Token[], depth: readonly number[]): Token[][] {
  const items: Token[][] = [[]]
  tokens.forEach((token, at) => {
    if (token.text === ',' && depth[at] === 0) items.push([])
    else items.at(-1)!.push(token)
  })
  return items
}

const isColumn = (item: readonly Token[]): boolean =>
  item.every(({name, text}) => name !== null || text === '.' || text === '*')

function functionName(item: readonly Token[]): string {
  const end = item.findIndex(token => isWord(token, 'AS'))
  const text = joined(end > 0 ? item.slice(0, end) : item)
  if (text.length <= SHORT) return text
  return item[0]!.name !== null && item[1]?.text === '(' ? `${item[0]!.text}(...)` : '(...)'
}

/** `INSERT INTO t (8 columns) VALUES (...)`. */
function insertLists(tokens: Token[]): Token[] {
  if (!isWord(tokens[0], 'INSERT')) return tokens
  const depth = depths(tokens)
  const open = tokens.findIndex(({text}) => text === '(')
  const close = tokens.findIndex(({text}, at) => at > open && text === ')' && depth[at] === 0)
  const values = tokens.findIndex((token, at) => depth[at] === 0 && isWord(token, 'VALUES', 'SELECT'))
  if (open < 0 || close < 0 || values < close) return tokens
  const count = split(
    tokens.slice(open + 1, close),
    depth.slice(open + 1, close).map(each => each - 1),
  ).length
  const columns = count > FEW ? [word(`(${count} columns)`)] : tokens.slice(open, close + 1)
  if (!isWord(tokens[values], 'VALUES')) return [...tokens.slice(0, open), ...columns, ...tokens.slice(close + 1)]
  const end = tokens.findIndex((token, at) => at > values && depth[at] === 0 && isWord(token, 'ON', 'RETURNING'))
  const rest = end < 0 ? [] : tokens.slice(end)
  return [...tokens.slice(0, open), ...columns, tokens[values]!, word('(...)'), ...rest]
}

const AFTER_ON =
  'WHERE GROUP ORDER LIMIT HAVING INNER LEFT RIGHT FULL CROSS NATURAL JOIN UNION FOR OFFSET FETCH WINDOW'.split(' ')

/** Joins without their conditions: the names of the tables tell them. */
function withoutConditions(tokens: Token[]): Token[] {
  if (!isWord(tokens[0], 'SELECT')) return tokens
  const depth = depths(tokens)
  let isCondition = false
  return tokens.filter((token, at) => {
    if (depth[at] === 0 && isWord(token, 'ON') && !isWord(tokens[at - 1], 'DISTINCT')) isCondition = true
    else if (isCondition && depth[at] === 0 && isWord(token, ...AFTER_ON)) isCondition = false
    return !isCondition && !(depth[at] === 0 && isWord(token, 'INNER'))
  })
}
