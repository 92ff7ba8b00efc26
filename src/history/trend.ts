import {observedClients, usableConnections} from '../derive/connections.js'
import {SEVERITIES, type Severity} from '../rule.js'
import type {Database, Snapshot, Statement} from '../snapshot.js'
import type {HistoryEntry, HistoryHead} from './store.js'

/** What a trend needs of one run: a few numbers. Null: that run could not tell. Counters are the server's own. */
export type TrendPoint = {
  /** server's clock, seconds since 1970 */
  at: number
  findings: Record<Severity, number>
  /** most clients seen in the run, and how many there may be */
  clients: number | null
  usable: number | null
  /** of the connected database */
  sizeBytes: number | null
  cache: {hit: number; read: number; since: number | null} | null
  statements: {since: number | null; byQueryid: Map<string, StatementCounters>} | null
}

export type StatementCounters = {calls: number; totalMs: number}

/** pure: the small part of an entry; the entry itself may then be forgotten. */
export function trendPoint({snapshot, report}: Pick<HistoryEntry, 'snapshot' | 'report'>): TrendPoint {
  const {settings, activity, databases} = snapshot.sections
  const findings = report.results.flatMap(result => result.findings)
  const database = databaseOf(snapshot)
  return {
    at: snapshot.collectedAt,
    findings: Object.fromEntries(
      SEVERITIES.map(severity => [severity, findings.filter(each => each.severity === severity).length]),
    ) as Record<Severity, number>,
    clients: observedClients(activity, databases)?.peak ?? null,
    usable: settings.ok ? finite(usableConnections(settings.data).usable) : null,
    sizeBytes: database?.sizeBytes ?? null,
    cache: database && {hit: database.blocksHit, read: database.blocksRead, since: database.statsReset},
    statements: statementsOf(snapshot),
  }
}

/** Of those in the period, at most `count`, evenly spread, oldest first: a trend needs no more, and reading costs. */
export function trendHeads(heads: readonly HistoryHead[], since: number, count: number): HistoryHead[] {
  const all = heads.filter(({at}) => at >= since).sort((a, b) => a.at - b.at)
  if (all.length <= count) return all
  const step = (all.length - 1) / (count - 1)
  return Array.from({length: count}, (_, at) => all[Math.round(at * step)]!)
}

/** The connected one. */
export function databaseOf({sections: {databases, server}, target}: Snapshot): Database | null {
  const name = server.ok ? server.data.database : target.database
  return (databases.ok && databases.data.find(each => each.name === name)) || null
}

function statementsOf({sections: {statements, statementsInfo, server}}: Snapshot): TrendPoint['statements'] {
  if (!statements.ok || !server.ok) return null
  const byQueryid = new Map<string, StatementCounters>()
  for (const statement of statements.data) {
    if (statement.database === server.data.database) add(byQueryid, statement)
  }
  return {since: statementsInfo.ok ? statementsInfo.data.statsReset : null, byQueryid}
}

function add(byQueryid: Map<string, StatementCounters>, {queryid, calls, totalMs, toplevel}: Statement): void {
  if (queryid === null || !toplevel) return
  const known = byQueryid.get(queryid)
  byQueryid.set(queryid, {calls: (known?.calls ?? 0) + calls, totalMs: (known?.totalMs ?? 0) + totalMs})
}

/** Percent of the blocks that came from shared buffers, in the time before each point; null: nothing was read. */
export const cachePercents = (points: readonly TrendPoint[]): (number | null)[] =>
  points.map(({cache}, at) => {
    if (!cache) return null
    const before = points[at - 1]?.cache
    const goesOn = before && before.since === cache.since && before.hit <= cache.hit && before.read <= cache.read
    const hit = goesOn ? cache.hit - before.hit : cache.hit
    const all = goesOn ? hit + cache.read - before.read : hit + cache.read
    return all > 0 ? (hit / all) * 100 : null
  })

/** Milliseconds per call of these statements together, in the time before each point; null: not called, not known. */
export const meanMs = (points: readonly TrendPoint[], queryids: readonly string[]): (number | null)[] =>
  points.map((point, at) => {
    const now = sumOf(point, queryids)
    if (!now) return null
    const before = sumOf(points[at - 1], queryids)
    const isSame = points[at - 1]?.statements?.since === point.statements?.since
    // Fewer calls than before: the entry was evicted meanwhile, and began anew.
    const goesOn = before && isSame && before.calls <= now.calls && before.totalMs <= now.totalMs
    const calls = goesOn ? now.calls - before.calls : now.calls
    return calls > 0 ? (goesOn ? now.totalMs - before.totalMs : now.totalMs) / calls : null
  })

function sumOf(point: TrendPoint | undefined, queryids: readonly string[]): StatementCounters | null {
  const found = queryids.flatMap(id => point?.statements?.byQueryid.get(id) ?? [])
  if (found.length === 0) return null
  return {
    calls: found.reduce((sum, {calls}) => sum + calls, 0),
    totalMs: found.reduce((sum, {totalMs}) => sum + totalMs, 0),
  }
}

const finite = (value: number): number | null => (Number.isFinite(value) ? value : null)
