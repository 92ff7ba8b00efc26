import type {Index, Section, Setting, Snapshot, Table} from '../snapshot.js'
import {type TableName, tablesOf} from '../sql/parse.js'

/** What differs between two snapshots that may have made a statement slower. */
export type Causes = {
  tables: Table[]
  goneIndexes: Index[]
  /** tables with at least twice the rows */
  grown: {table: Table; before: number}[]
  settings: {name: string; before: string; now: string}[]
}

/** Those that the planner and the executor go by. */
const PLANNING =
  /^(?:enable_|.*_cost$|jit|work_mem$|hash_mem_multiplier$|shared_buffers$|effective_|max_parallel|default_statistics_target$|plan_cache_mode$)/

type Now = {tables: Section<Table[]>; indexes: Section<Index[]>; settings: Section<Setting[]>}

/** Only what both snapshots have seen; the parser must be loaded. */
export function causesOf(text: string, now: Now, {sections: before}: Snapshot): Causes {
  const named = tablesOf(text) ?? []
  const isNamed = ({schema, name}: {schema: string; name: string}) =>
    named.some((each: TableName) => each.name === name && (each.schema === null || each.schema === schema))
  const tables = now.tables.ok ? now.tables.data.filter(isNamed) : []
  return {
    tables,
    goneIndexes: goneIndexes(tables, now.indexes, before.indexes),
    grown: grown(tables, before.tables),
    settings: changed(now.settings, before.settings),
  }
}

function goneIndexes(tables: Table[], now: Section<Index[]>, before: Section<Index[]>): Index[] {
  if (!now.ok || !before.ok || now.total) return []
  const present = new Set(now.data.filter(({isValid}) => isValid).map(({oid}) => oid))
  const isConcerned = (index: Index) => tables.some(({oid}) => oid === index.tableOid)
  // An index that was built anew (REINDEX CONCURRENTLY) has its old name.
  const names = new Set(now.data.map(({schema, name}) => `${schema} ${name}`))
  return before.data.filter(
    index => isConcerned(index) && !present.has(index.oid) && !names.has(`${index.schema} ${index.name}`),
  )
}

function grown(tables: Table[], before: Section<Table[]>): Causes['grown'] {
  if (!before.ok) return []
  return tables.flatMap(table => {
    const rows = before.data.find(({oid}) => oid === table.oid)?.rowsEstimate ?? 0
    return rows > 0 && table.rowsEstimate >= 2 * rows ? [{table, before: rows}] : []
  })
}

function changed(now: Section<Setting[]>, before: Section<Setting[]>): Causes['settings'] {
  if (!now.ok || !before.ok) return []
  const text = ({value, unit}: Setting) => (unit ? `${value} x ${unit}` : value)
  return now.data.flatMap(setting => {
    const old = before.data.find(({name}) => name === setting.name)
    const differs = old && PLANNING.test(setting.name) && old.value !== setting.value
    return differs ? [{name: setting.name, before: text(old), now: text(setting)}] : []
  })
}
