import {isKeyName, stemOf} from './naming.js'

/** What a statement does, told from its redacted text alone: logs hold cut-off texts that no parser takes. */
export type Facts = {
  kind: 'select' | 'write' | 'begin' | 'end' | 'other' | 'ignored'
  /** names without schema; the first is the one that is read or written */
  tables: string[]
  /** columns that are compared with a value: `column = ?`, `column IN (?)` */
  equalities: {table: string | null; column: string}[]
  /** columns in the target list that look like keys; `*` for all of a table's */
  targets: string[]
  /** FOR UPDATE, FOR SHARE: meant to be run again and again */
  locks: boolean
  aggregate: boolean
}

const TOKEN = /"(?:[^"]|"")*"?|[A-Za-z_\u0080-\uffff][\w$\u0080-\uffff]*|\$\d+|[^\s]/g
const MAX_TARGETS = 100
const BEGIN = new Set(['begin', 'start'])
const END = new Set(['commit', 'rollback', 'end', 'abort'])
/** Says nothing about requests or loops. */
const IGNORED = new Set([
  ...['savepoint', 'release', 'set', 'show', 'reset', 'discard', 'deallocate', 'prepare', 'fetch', 'move', 'close'],
  ...['listen', 'unlisten', 'notify', 'lock'],
])
const WRITES = new Set(['insert', 'update', 'delete', 'merge'])
/** Words that cannot be an alias after a table's name. */
const CLAUSES = new Set([
  ...['where', 'on', 'using', 'join', 'inner', 'left', 'right', 'full', 'cross', 'natural', 'group', 'order', 'limit'],
  ...['offset', 'fetch', 'for', 'union', 'intersect', 'except', 'having', 'set', 'values', 'returning', 'window'],
  ...['as', 'select', 'default', 'tablesample', 'lateral'],
])

/** word: in lower case, for key words; name: as PostgreSQL stores it */
type Token = {text: string; word: string; name: string; quoted: boolean}

function tokens(sql: string): Token[] {
  return (sql.match(TOKEN) ?? []).map(text => {
    const quoted = text.startsWith('"')
    const bare = quoted ? text.replace(/^"|"$/g, '').replaceAll('""', '"') : text
    const word = bare.toLowerCase()
    return {text, word, name: quoted ? bare : word, quoted}
  })
}

const isName = (token: Token | undefined) =>
  token !== undefined && (token.quoted || (/^[a-z_\u0080-\uffff]/.test(token.word) && !CLAUSES.has(token.word)))

/** Facts of one statement; an empty text, or one that is no SQL, has kind `other`. */
export function factsOf(redacted: string): Facts {
  const all = tokens(redacted)
  const first = all[0]?.word ?? ''
  const facts: Facts = {kind: 'other', tables: [], equalities: [], targets: [], locks: false, aggregate: false}
  if (BEGIN.has(first)) return {...facts, kind: 'begin'}
  const toSavepoint = all.slice(1, 4).some(({word}) => word === 'to')
  if (END.has(first)) return {...facts, kind: toSavepoint ? 'ignored' : 'end'}
  if (IGNORED.has(first)) return {...facts, kind: 'ignored'}
  const aliases = tablesOf(all)
  facts.tables = [...new Set(aliases.values())]
  const isCatalog = all.some(({word}) => word === 'pg_catalog' || word === 'information_schema')
  if (facts.tables.some(table => table.startsWith('pg_')) || isCatalog) return {...facts, kind: 'ignored'}
  facts.kind = kindOf(first, all)
  // SELECT 1, SELECT nextval(...): nothing is read.
  if (facts.kind === 'select' && facts.tables.length === 0) return {...facts, kind: 'ignored'}
  facts.equalities = equalitiesOf(all, aliases)
  facts.targets = targetsOf(all)
  facts.locks = /\bfor\s+(?:no\s+key\s+|key\s+)?(?:update|share)\b/i.test(redacted)
  facts.aggregate = /^\s*select\s+(?:count|exists|sum|max|min|avg)\s*\(/i.test(redacted)
  return facts
}

function kindOf(first: string, all: Token[]): Facts['kind'] {
  if (WRITES.has(first)) return 'write'
  if (first === 'with') return all.some(({word, quoted}) => !quoted && WRITES.has(word)) ? 'write' : 'select'
  return ['select', 'declare', 'table', '('].includes(first) ? 'select' : 'other'
}

/** alias -> table, for each FROM, JOIN, INTO and UPDATE */
function tablesOf(all: Token[]): Map<string, string> {
  const aliases = new Map<string, string>()
  for (let i = 0; i < all.length; i += 1) {
    const {word, quoted} = all[i]!
    const opens =
      !quoted && (['from', 'join', 'into'].includes(word) || (word === 'update' && all[i - 1]?.word !== 'for'))
    if (!opens) continue
    let at = i + 1
    do {
      if (all[at]?.word === 'only' || all[at]?.word === 'lateral') at += 1
      if (!isName(all[at])) break
      let table = all[at]!.name
      while (all[at + 1]?.text === '.' && all[at + 2]) {
        at += 2
        table = all[at]!.name
      }
      const alias = all[at + 1]?.word === 'as' ? at + 2 : at + 1
      // FROM f(x) is a function
      if (all[at + 1]?.text === '(' && word !== 'into') break
      aliases.set(table, table)
      if (isName(all[alias])) {
        aliases.set(all[alias]!.name, table)
        at = alias
      }
      at += 1
    } while (word === 'from' && all[at]?.text === ',' && at++ > 0)
  }
  return aliases
}

/** `a.b = $1` and `b IN ($1)` behind WHERE. */
function equalitiesOf(all: Token[], aliases: Map<string, string>): Facts['equalities'] {
  const where = all.findIndex(({word, quoted}) => word === 'where' && !quoted)
  if (where < 0) return []
  const found: Facts['equalities'] = []
  for (let i = where + 2; i < all.length; i += 1) {
    const isEqual = all[i]!.text === '=' && isValue(all, i + 1) && !['<', '>', '!'].includes(all[i - 1]!.text)
    const isList = all[i]!.word === 'in' && all[i + 1]?.text === '(' && isValue(all, i + 2)
    if ((!isEqual && !isList) || !isName(all[i - 1])) continue
    const qualifier = all[i - 2]?.text === '.' ? (all[i - 3]?.name ?? null) : null
    found.push({table: qualifier === null ? null : (aliases.get(qualifier) ?? qualifier), column: all[i - 1]!.name})
  }
  return found
}

const isValue = (all: Token[], at: number) => /^\$\d+$/.test(all[at]?.text ?? '')

/** The columns between SELECT and its FROM. */
function targetsOf(all: Token[]): string[] {
  const select = all.findIndex(({word, quoted}) => word === 'select' && !quoted)
  if (select < 0) return []
  const targets = new Set<string>()
  let depth = 0
  for (let i = select + 1; i < all.length; i += 1) {
    const {text, word, name, quoted} = all[i]!
    if (text === '(') depth += 1
    else if (text === ')') depth -= 1
    else if (depth === 0 && word === 'from' && !quoted) break
    else if (depth !== 0) continue
    else if (text === '*') targets.add('*')
    else if (isName(all[i]) && all[i + 1]?.text !== '.' && all[i - 1]?.word !== 'as') targets.add(name)
  }
  return [...targets].filter(name => name === '*' || isKeyName(name) || stemOf(name) !== null).slice(0, MAX_TARGETS)
}
