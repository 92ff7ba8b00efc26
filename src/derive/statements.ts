import type {Sections, Statement} from '../snapshot.js'

/** One statement summed over the roles that run it; in one database and level (toplevel or inside a function). */
export type Workload = Statement & {text: string}

/** Statements of `database` with their texts, users summed, most time first. Texts that were evicted are left out. */
export function workloadOf(
  statements: readonly Statement[],
  texts: Sections['statementTexts'],
  database: string,
): Workload[] {
  const textOf = new Map(texts.map(({queryid, text}) => [queryid, text]))
  const merged = new Map<string, Workload>()
  for (const statement of statements) {
    const text = statement.queryid === null ? undefined : textOf.get(statement.queryid)
    if (text === undefined || statement.database !== database) continue
    const key = `${statement.queryid} ${statement.toplevel}`
    const known = merged.get(key)
    merged.set(key, known ? add(known, statement) : {...statement, text})
  }
  return [...merged.values()].sort((a, b) => b.totalMs - a.totalMs || a.queryid!.localeCompare(b.queryid!))
}

const SUMMED = [
  'calls',
  'totalMs',
  'rows',
  'sharedHit',
  'sharedRead',
  'sharedDirtied',
  'sharedWritten',
  'tempRead',
  'tempWritten',
  'ioReadMs',
  'ioWriteMs',
] as const

/** Null where the version of the extension does not count them. */
const SUMMED_IF_COUNTED = ['plans', 'planMs', 'walBytes'] as const

function add(a: Workload, b: Statement): Workload {
  const sum = {...a}
  for (const name of SUMMED) sum[name] = a[name] + b[name]
  for (const name of SUMMED_IF_COUNTED) sum[name] = a[name] === null || b[name] === null ? null : a[name] + b[name]
  const squares = (s: Statement) => s.calls * (s.stddevMs ** 2 + s.meanMs ** 2)
  sum.meanMs = sum.calls > 0 ? sum.totalMs / sum.calls : 0
  sum.stddevMs = sum.calls > 0 ? Math.sqrt(Math.max(0, (squares(a) + squares(b)) / sum.calls - sum.meanMs ** 2)) : 0
  sum.minMs = Math.min(a.minMs, b.minMs)
  sum.maxMs = Math.max(a.maxMs, b.maxMs)
  return sum
}
