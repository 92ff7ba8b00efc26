import type {Index, Table} from '../snapshot.js'
import {tablesOf} from '../sql/parse.js'
import {hasPlan, isWrite} from './statement-text.js'
import type {Workload} from './statements.js'

/** Session stores by table and the key that only they have there: `sessions` alone may well be a training's. */
const STORES: [table: string, key: string][] = [
  ['django_session', 'session_key'],
  ['sessions', 'session_id'],
  ['session', 'sid'],
  ['user_sessions', 'sid'],
]

const writesOf = ({inserts, updates, deletes}: Table) => inserts + updates + deletes

/** The tables in which an application's framework keeps sessions, the busiest first. */
export function sessionTables(tables: readonly Table[], indexes: readonly Index[]): Table[] {
  const hasKey = (table: Table, key: string) =>
    indexes.some(index => index.tableOid === table.oid && index.isUnique && index.keyNames.join() === key)
  return tables
    .filter(table => STORES.some(([name, key]) => table.name === name && hasKey(table, key)))
    .sort((a, b) => writesOf(b) - writesOf(a) || b.pages - a.pages || a.oid - b.oid)
}

/** What a session table costs; shares in percent of this database. */
export type SessionLoad = {
  writes: number
  writeShare: number
  calls: number
  callShare: number
  /** null: times are not known */
  timeShare: number | null
  seconds: number
  source: string
}

const percent = (part: number, whole: number) => (whole > 0 ? (part / whole) * 100 : 0)

/** Whether a text may name the table: cheaper than parsing, never wrong about "no". */
export const mayName = (sql: string, {name}: Table): boolean => sql.toLowerCase().includes(name)

/** Calls, not rows: a bulk load is one call. Unqualified names mean the busiest of the tables that have them. */
export function loadByStatements(
  table: Table,
  all: readonly Table[],
  workload: readonly Workload[],
  seconds: number,
): SessionLoad {
  const isBusiest = all.find(({name}) => name === table.name) === table
  const touches = ({text}: Workload) =>
    mayName(text, table) &&
    (tablesOf(text) ?? []).some(
      ({schema, name}) => name === table.name && (schema === table.schema || (schema === null && isBusiest)),
    )
  const own = workload.filter(({text, toplevel}) => toplevel && hasPlan(text))
  const writing = own.filter(({text}) => isWrite(text))
  const calls = (statements: readonly Workload[]) => statements.reduce((sum, each) => sum + each.calls, 0)
  const time = (statements: readonly Workload[]) => statements.reduce((sum, each) => sum + each.totalMs, 0)
  const touching = own.filter(touches)
  const writes = calls(touching.filter(({text}) => isWrite(text)))
  return {
    writes,
    writeShare: percent(writes, calls(writing)),
    calls: calls(touching),
    callShare: percent(calls(touching), calls(own)),
    timeShare: percent(time(touching), time(own)),
    seconds,
    source: 'pg_stat_statements',
  }
}

/** Rows written and index scans, when the statements are not to be had. */
export function loadByCounters(table: Table, tables: readonly Table[], seconds: number): SessionLoad {
  const sum = (of: (table: Table) => number) => tables.reduce((total, each) => total + of(each), 0)
  const readsOf = ({indexScans, seqScans}: Table) => (indexScans ?? 0) + seqScans
  const touches = writesOf(table) + readsOf(table)
  return {
    writes: writesOf(table),
    writeShare: percent(writesOf(table), sum(writesOf)),
    calls: touches,
    callShare: percent(touches, sum(writesOf) + sum(readsOf)),
    timeShare: null,
    seconds,
    source: 'pg_stat_all_tables',
  }
}
