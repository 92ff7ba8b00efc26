import type {Sections, Snapshot, Statement, StatementsInfo} from '../snapshot.js'

export type Period = {calls: number; totalMs: number; meanMs: number}

/** One statement up to the baseline and since then. */
export type Comparison = {queryid: string; before: Period; after: Period}

export type Compared = {
  statements: Comparison[]
  /** in both snapshots, but what was counted since the baseline cannot be told */
  ambiguous: number
  /** seconds between the two */
  seconds: number
}

type Side = Pick<Sections, 'server' | 'statements' | 'statementsInfo'> & {at: number}

/** Each statement's mean up to the baseline and since then; `unknown`: the two snapshots cannot be compared. */
export function compareStatements(now: Side, baseline: Snapshot): Compared | {unknown: string} {
  const {server, statements, statementsInfo} = baseline.sections
  if (!server.ok || !statements.ok || !statementsInfo.ok) return {unknown: 'the baseline has no statements'}
  const before = {
    server: server.data,
    statements: statements.data,
    statementsInfo: statementsInfo.data,
    at: baseline.collectedAt,
  }
  const difference = incomparable(now, before)
  if (difference) return {unknown: difference}
  const known = new Map(before.statements.map(statement => [keyOf(statement), statement]))
  const compared = new Map<string, Comparison>()
  let ambiguous = 0
  for (const statement of now.statements) {
    const earlier = known.get(keyOf(statement))
    if (!earlier || statement.queryid === null || !statement.toplevel || statement.database !== now.server.database)
      continue
    const after = since(statement, earlier, now.statementsInfo, before)
    if (after === null) ambiguous += 1
    else add(compared, statement.queryid, period(earlier.calls, earlier.totalMs), after)
  }
  return {statements: [...compared.values()], ambiguous, seconds: now.at - before.at}
}

const major = (versionNum: number) => Math.floor(versionNum / 10_000)

function incomparable(now: Side, before: Side): string | null {
  const ids = [now.server.systemIdentifier, before.server.systemIdentifier]
  if (!ids.includes(null) && ids[0] !== ids[1]) return 'the baseline is of another server'
  if (now.server.database !== before.server.database) return `the baseline is of the database ${before.server.database}`
  if (now.server.inRecovery !== before.server.inRecovery)
    return `the baseline was read on a ${before.server.inRecovery ? 'standby' : 'primary'}, this server is none: there was a failover`
  if (major(now.server.versionNum) !== major(before.server.versionNum))
    return `PostgreSQL ${before.server.version} of the baseline identifies statements in another way`
  if (now.at <= before.at) return 'the baseline is not older than this snapshot'
  return null
}

const keyOf = ({dbid, userid, queryid, toplevel}: Statement) => `${dbid} ${userid} ${queryid} ${toplevel}`

const period = (calls: number, totalMs: number): Period => ({calls, totalMs, meanMs: calls > 0 ? totalMs / calls : 0})

/** What was counted since the baseline; null: the entry may have been evicted and begun anew, which nothing tells. */
function since(now: Statement, earlier: Statement, info: StatementsInfo, before: Side): Period | null {
  const grown = () => period(now.calls - earlier.calls, Math.max(0, now.totalMs - earlier.totalMs))
  if (now.statsSince !== null) return now.statsSince > before.at ? period(now.calls, now.totalMs) : grown()
  const isReset = info.statsReset !== null && info.statsReset > before.at
  // Only a new beginning lets these fall; the extremes can only move outwards.
  const isNew =
    now.calls < earlier.calls || now.totalMs < earlier.totalMs || now.maxMs < earlier.maxMs || now.minMs > earlier.minMs
  if (isReset || isNew) return period(now.calls, now.totalMs)
  const wereEvicted = (info.evictions ?? 0) > (before.statementsInfo.evictions ?? 0)
  return wereEvicted ? null : grown()
}

/** The roles that run it are summed. */
function add(compared: Map<string, Comparison>, queryid: string, before: Period, after: Period): void {
  const sum = compared.get(queryid)
  const plus = (a: Period, b: Period) => period(a.calls + b.calls, a.totalMs + b.totalMs)
  compared.set(
    queryid,
    sum ? {queryid, before: plus(sum.before, before), after: plus(sum.after, after)} : {queryid, before, after},
  )
}
