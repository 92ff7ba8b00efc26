import {allQueriesOf} from '../derive/queries.js'
import {type Comparison, compareStatements} from '../derive/regression.js'
import type {Sections, Snapshot, Statement} from '../snapshot.js'
import {number} from '../units.js'
import type {StatementChange, StatementsDiff} from './diff-types.js'

/** What takes half as long again, and is called often enough for a mean, became slower; the other way round, faster. */
const FACTOR = 1.5
const LEAST_MS = 1
const LEAST_CALLS = 10

/** Those that weigh most are listed. */
const MOST = 10

type Side = Pick<Sections, 'server' | 'statements' | 'statementsInfo'> & {at: number}

/** Statements of the application that became slower or faster per call, or appeared, between two snapshots. Pure. */
export function statementsDiff(before: Snapshot | null, after: Snapshot | null): StatementsDiff {
  if (!before || !after) return {comparable: false, reason: 'there is only a report, which has no statements'}
  const [earlier, later] = [sideOf(before), sideOf(after)]
  if (typeof later === 'string') return {comparable: false, reason: later}
  if (typeof earlier === 'string') return {comparable: false, reason: `the earlier run: ${earlier}`}
  const compared = compareStatements(later, before)
  if ('unknown' in compared) return {comparable: false, reason: compared.unknown}
  const lost = lostCounters(earlier, later)
  if (lost) return {comparable: false, reason: lost}
  if (compared.statements.length === 0 && compared.ambiguous > 0) {
    return {comparable: false, reason: `entries were evicted: ${number(compared.ambiguous)} may be counted anew`}
  }
  const texts = textsOf(after)
  const changes = compared.statements.filter(({queryid}) => texts === null || texts.has(queryid))
  const isSure = ({before: a, after: b}: Comparison) => Math.min(a.calls, b.calls) >= LEAST_CALLS
  const slower = changes.filter(each => isSure(each) && isSlower(each.before.meanMs, each.after.meanMs))
  const faster = changes.filter(each => isSure(each) && isSlower(each.after.meanMs, each.before.meanMs))
  const {appeared, notes} = newStatements(earlier, later, texts)
  return {
    comparable: true,
    seconds: compared.seconds,
    slower: heaviest(slower, texts),
    faster: heaviest(faster, texts),
    appeared: appeared.slice(0, MOST),
    notes: [
      wasReset(earlier, later) ? 'the counters were reset between the two: the later times are those since then' : '',
      compared.ambiguous > 0
        ? `${number(compared.ambiguous)} could not be compared: entries were evicted, they may be counted anew`
        : '',
      beyond('became slower', slower.length),
      beyond('became faster', faster.length),
      beyond('appeared', appeared.length),
      ...notes,
    ].filter(Boolean),
  }
}

function sideOf({sections: {server, statements, statementsInfo}, collectedAt}: Snapshot): Side | string {
  if (!server.ok) return server.message
  if (!statements.ok) return statements.message
  if (!statementsInfo.ok) return statementsInfo.message
  return {server: server.data, statements: statements.data, statementsInfo: statementsInfo.data, at: collectedAt}
}

const beyond = (what: string, count: number) => (count > MOST ? `${number(count)} ${what}, ${MOST} are listed` : '')

const wasReset = (before: Side, {statementsInfo: {statsReset}}: Side) => statsReset !== null && statsReset > before.at

/** Fewer than these in common prove nothing. */
const PROOF = 5

/**
 * Before PostgreSQL 14 nothing tells of a reset, nor of a restart that lost the counters (a crash does): only when none
 * of them fell are they the same ones. Null: they go on, or the server tells since when they count.
 */
function lostCounters(before: Side, after: Side): string | null {
  if (after.statementsInfo.statsReset !== null) return null
  const known = new Map(before.statements.map(statement => [keyOf(statement), statement]))
  const pairs = after.statements.flatMap(now => {
    const was = known.get(keyOf(now))
    return was ? [{was, now}] : []
  })
  const wasRestarted = after.server.startedAt > before.at
  if (pairs.some(({was, now}) => hasFallen(was, now))) {
    const event = wasRestarted ? 'the server was restarted' : 'the counters were reset'
    return `${event}, and its statements are counted anew`
  }
  if (!wasRestarted || pairs.length >= PROOF) return null
  return 'the server was restarted, and nothing tells whether its counters were kept'
}

const keyOf = ({dbid, userid, queryid, toplevel}: Statement) => `${dbid} ${userid} ${queryid} ${toplevel}`

const hasFallen = (was: Statement, now: Statement) =>
  now.calls < was.calls || now.totalMs < was.totalMs || now.maxMs < was.maxMs || now.minMs > was.minMs

const hasEvictions = (before: Side, after: Side) =>
  (after.statementsInfo.evictions ?? 0) > (before.statementsInfo.evictions ?? 0)

const isSlower = (beforeMs: number, afterMs: number) => afterMs >= FACTOR * beforeMs && afterMs - beforeMs >= LEAST_MS

/** By queryid, of the application alone: what monitoring asks of the catalogs is left out. Null: texts are not known. */
function textsOf({sections}: Snapshot): Map<string, string> | null {
  const {server, statements, statementTexts, statementsInfo} = sections
  if (!server.ok || !statements.ok || !statementTexts.ok || !statementsInfo.ok) return null
  const queries = allQueriesOf({
    server: server.data,
    statements: statements.data,
    statementTexts: statementTexts.data,
    statementsInfo: statementsInfo.data,
  })
  return new Map(queries.flatMap(({queryid, text}) => (queryid === null ? [] : [[queryid, text]])))
}

/** By the time that the difference costs. */
function heaviest(changes: Comparison[], texts: Map<string, string> | null): StatementChange[] {
  const weight = ({before, after}: Comparison) => Math.abs(after.meanMs - before.meanMs) * after.calls
  return [...changes]
    .sort((a, b) => weight(b) - weight(a) || (a.queryid < b.queryid ? -1 : 1))
    .slice(0, MOST)
    .map(({queryid, before, after}) => ({
      queryid,
      text: texts?.get(queryid) ?? null,
      beforeMs: before.meanMs,
      afterMs: after.meanMs,
      calls: after.calls,
      totalMs: after.totalMs,
    }))
}

/** What the earlier run did not have; only when its list was whole, or the entry itself says that it is new. */
function newStatements(before: Side, after: Side, texts: Map<string, string> | null) {
  const known = new Set(before.statements.map(({queryid}) => queryid))
  const isWhole = before.statements.length >= before.statementsInfo.entries
  const wereEvicted = (before.statementsInfo.evictions ?? 0) > 0 || hasEvictions(before, after)
  const isFresh = ({statsSince}: Statement) => statsSince !== null && statsSince > before.at && !wasReset(before, after)
  const byId = new Map<string, StatementChange>()
  let unsure = 0
  for (const now of after.statements) {
    const {queryid} = now
    if (queryid === null || known.has(queryid) || !now.toplevel || now.database !== after.server.database) continue
    if (texts && !texts.has(queryid)) continue
    if (wereEvicted || !(isWhole || isFresh(now))) unsure += 1
    else byId.set(queryid, sum(byId.get(queryid), now, queryid, texts?.get(queryid) ?? null))
  }
  const appeared = [...byId.values()].sort((a, b) => b.totalMs - a.totalMs || (a.queryid < b.queryid ? -1 : 1))
  const why = wereEvicted ? 'entries were evicted' : 'the earlier run read only those that weighed most'
  return {appeared, notes: unsure > 0 ? [`${number(unsure)} may be new, or were there before: ${why}`] : []}
}

function sum(of: StatementChange | undefined, now: Statement, queryid: string, text: string | null): StatementChange {
  const [calls, totalMs] = [(of?.calls ?? 0) + now.calls, (of?.totalMs ?? 0) + now.totalMs]
  return {queryid, text, beforeMs: null, afterMs: calls > 0 ? totalMs / calls : 0, calls, totalMs}
}
