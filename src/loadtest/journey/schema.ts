import type {Index, Section, Snapshot, Table} from '../../snapshot.js'
import {qualified, quoteIdent} from '../../sql/quote.js'
import {bytes, number} from '../../units.js'
import type {Changes} from './changes.js'
import type {Change} from './types.js'

/** Tables that grew or shrank by less carry the same load. */
const ROWS_FACTOR = 1.5
const ROWS_LEAST = 1000

/** Indexes and tables that came, went or changed, and data that grew. */
export function schemaChanges(before: Snapshot, after: Snapshot): Changes {
  const isKnown = knownTables(before.sections.tables, after.sections.tables)
  const indexes = listed('indexes', before.sections.indexes, after.sections.indexes, (a, b, isWhole) =>
    indexChanges(a.filter(isKnown), b.filter(isKnown), isWhole),
  )
  const tables = listed('tables', before.sections.tables, after.sections.tables, tableChanges)
  return {
    changes: [...indexes.changes, ...tables.changes, ...sizeChanges(before, after)],
    unknown: [...indexes.unknown, ...tables.unknown],
  }
}

/** Of a list that was cut on the server nothing can be missing: what is not in it may lie behind its end. */
function listed<T>(
  name: string,
  a: Section<T[]>,
  b: Section<T[]>,
  changed: (a: T[], b: T[], isWhole: boolean) => Change[],
): Changes {
  if (!a.ok || !b.ok) return {changes: [], unknown: [`${name}: not read in the ${a.ok ? 'second' : 'first'} run`]}
  const isWhole = isComplete(a) && isComplete(b)
  const unknown = isWhole ? [] : [`${name}: only the largest were read, others may have come or gone`]
  return {changes: changed(a.data, b.data, isWhole), unknown}
}

/**
 * Indexes are read with their tables: those of a table that only one list has came or went with it, or lie behind the
 * end of the other list.
 */
function knownTables(before: Section<Table[]>, after: Section<Table[]>): (index: Index) => boolean {
  if (!before.ok || !after.ok) return () => true
  const names = ({data}: {data: Table[]}) => new Set(data.map(({schema, name}) => qualified(schema, name)))
  const [a, b] = [names(before), names(after)]
  const isWhole = isComplete(before) && isComplete(after)
  return ({schema, table}) => {
    const name = qualified(schema, table)
    return a.has(name) === b.has(name) && (isWhole || a.has(name))
  }
}

const isComplete = ({total, data}: {total?: number; data: unknown[]}) => total === undefined || total <= data.length

function indexChanges(before: Index[], after: Index[], isWhole: boolean): Change[] {
  const named = (indexes: Index[]) => new Map(indexes.map(index => [qualified(index.schema, index.name), index]))
  return pairs(named(before), named(after), isWhole).flatMap(([name, a, b]): Change[] => {
    const text = `index ${name}`
    const of = {name, from: a ? definition(a) : null, to: b ? definition(b) : null}
    if (!a) return [{kind: 'index', text: `${text} was created: ${of.to}`, of}]
    if (!b) return [{kind: 'index', text: `${text} was dropped: ${of.from}`, of}]
    if (of.from !== of.to) return [{kind: 'index', text: `${text}: ${of.from} -> ${of.to}`, of}]
    if (a.isValid === b.isValid) return []
    const validity = ({isValid}: Index) => (isValid ? 'valid' : 'not valid')
    return [{kind: 'index', text: `${text} is ${validity(b)} now`, of: {name, from: validity(a), to: validity(b)}}]
  })
}

/** `unique btree on "pekerjaan" ("project_id", "ordering_index")`; expressions as the server writes them. */
function definition(index: Index): string {
  const keys = index.keyNames.map(name => (name === null ? 'expression' : quoteIdent(name))).join(', ')
  const parts = [
    `${index.isUnique ? 'unique ' : ''}${index.method} on ${qualified(index.schema, index.table)} (${keys})`,
    index.includedColumns.length > 0 ? `with ${index.includedColumns.length} included columns` : '',
    index.expressions ? `expressions ${index.expressions}` : '',
    index.predicate ? `where ${index.predicate}` : '',
  ]
  return parts.filter(Boolean).join(', ')
}

function tableChanges(before: Table[], after: Table[], isWhole: boolean): Change[] {
  const named = (tables: Table[]) => new Map(tables.map(table => [qualified(table.schema, table.name), table]))
  return pairs(named(before), named(after), isWhole).flatMap(([name, a, b]): Change[] => {
    if (!a || !b) {
      const of = {name, from: a ? a.kind : null, to: b ? b.kind : null}
      return [{kind: 'table', text: `table ${name} was ${a ? 'dropped' : 'created'}`, of}]
    }
    return [...columnChanges(name, a, b), ...optionChanges(name, a, b), ...rowChanges(name, a, b)]
  })
}

function columnChanges(name: string, a: Table, b: Table): Change[] {
  if (!a.columnNames || !b.columnNames) return []
  const added = b.columnNames.filter(column => !a.columnNames!.includes(column))
  const dropped = a.columnNames.filter(column => !b.columnNames!.includes(column))
  const list = (columns: string[]) => columns.map(quoteIdent).join(', ')
  return [
    ...(added.length > 0 ? [changed(name, `got ${list(added)}`)] : []),
    ...(dropped.length > 0 ? [changed(name, `lost ${list(dropped)}`)] : []),
  ]
}

const changed = (name: string, what: string): Change => ({
  kind: 'table',
  text: `table ${name} ${what}`,
  of: {name, from: '', to: what},
})

function optionChanges(name: string, a: Table, b: Table): Change[] {
  const keys = [...new Set([...Object.keys(a.options), ...Object.keys(b.options)])].sort()
  return keys
    .filter(key => a.options[key] !== b.options[key])
    .map(key => ({
      kind: 'table',
      text: `${key} of table ${name} ${a.options[key] ?? 'none'} -> ${b.options[key] ?? 'none'}`,
      of: {name, from: '', to: `${key} ${a.options[key] ?? 'none'} -> ${b.options[key] ?? 'none'}`},
    }))
}

function rowChanges(name: string, a: Table, b: Table): Change[] {
  const [least, most] = [Math.min(a.liveRows, b.liveRows), Math.max(a.liveRows, b.liveRows)]
  if (most - least < ROWS_LEAST || most < ROWS_FACTOR * least) return []
  return [{kind: 'rows', text: `rows of ${name} ${number(a.liveRows)} -> ${number(b.liveRows)}`}]
}

function sizeChanges(before: Snapshot, after: Snapshot): Change[] {
  const size = ({sections: {databases}, target}: Snapshot) =>
    databases.ok ? (databases.data.find(({name}) => name === target.database)?.sizeBytes ?? null) : null
  const [a, b] = [size(before), size(after)]
  if (!a || !b || Math.max(a, b) < ROWS_FACTOR * Math.min(a, b)) return []
  return [{kind: 'rows', text: `size of the database ${bytes(a)} -> ${bytes(b)}`}]
}

/** By name, sorted; where lists were cut only what is in both. */
function pairs<T>(a: Map<string, T>, b: Map<string, T>, isWhole: boolean): [string, T | undefined, T | undefined][] {
  return [...new Set([...a.keys(), ...b.keys()])]
    .filter(key => isWhole || (a.has(key) && b.has(key)))
    .sort()
    .map(key => [key, a.get(key), b.get(key)])
}
