import {cacheSessions, removeExpired} from '../../derive/session-advice.js'
import {loadByCounters, loadByStatements, mayName, type SessionLoad, sessionTables} from '../../derive/session-table.js'
import {workloadOf} from '../../derive/statements.js'
import {statisticsWindow} from '../../derive/window.js'
import {defineRule, type Evidence, type FindingDraft, type Severity} from '../../rule.js'
import type {BlockedSession, Table} from '../../snapshot.js'
import {qualified} from '../../sql/quote.js'
import {number, seconds} from '../../units.js'

export default defineRule({
  id: 'queries/session-table',
  title: 'Web sessions kept in the database',
  category: 'queries',
  needs: ['server', 'databases', 'tables', 'indexes', 'blocking'],
  uses: ['statements', 'statementTexts', 'statementsInfo', 'checkpoints'],
  options: {
    highShare: {default: 20, unit: 'percent', help: 'high from this share of all writes on'},
    share: {default: 10, unit: 'percent', help: 'medium from this share of writes or time on, low of calls'},
    minRate: {default: 1, unit: 'count', help: 'calls per second; below that a table is not hot, whatever its share'},
    minCalls: {default: 30, unit: 'count', help: 'so many calls at least, before shares mean anything'},
    minWindow: {default: 3600, unit: 'seconds', help: 'how old table counters must be when there are no statements'},
    blockedFor: {default: 1, unit: 'seconds', help: 'one session that waits this long for the table, or two at all'},
    manyRows: {
      default: 10_000,
      unit: 'count',
      help: 'so many rows and never a delete: nobody removes the expired ones',
    },
  },
  severity: {
    high: 'sessions wait for its locks now, or it takes highShare of all writes: logins wait for each other',
    medium: 'it takes a notable share of the writes or of the time of all statements',
    low: 'a notable share of all statements only reads it: a round trip of each request that a cache would save',
  },
  why:
    'With sessions in the database each request reads one row before it does anything, and each login writes one. ' +
    'Those rows are locked while the request runs, so a crowd at the login waits in line; a cache has no such line.',
  references: ['https://docs.djangoproject.com/en/stable/topics/http/sessions/#configuring-the-session-engine'],
  parses: ({tables, indexes, statementTexts}) =>
    statementTexts.ok &&
    sessionTables(tables, indexes).some(table => statementTexts.data.some(({text}) => mayName(text, table))),
  check(input, options) {
    const {server, databases, tables, indexes, blocking, statements, statementTexts, statementsInfo, checkpoints} =
      input
    const found = sessionTables(tables, indexes)
    if (found.length === 0) return {summary: 'no session table of a known framework', findings: []}
    const database = databases.find(({name}) => name === server.database)
    const history = statisticsWindow({statsReset: database?.statsReset ?? null}, server, checkpoints).seconds
    const isRead = statements.ok && statementTexts.ok && statementsInfo.ok
    const workload = isRead ? workloadOf(statements.data, statementTexts.data, server.database) : []
    const since = isRead ? statementsInfo.data.statsReset : null
    const time = Math.max(1, isRead && since !== null ? server.now - since : history)
    const drafts = found.flatMap(table => {
      const load = isRead ? loadByStatements(table, found, workload, time) : loadByCounters(table, tables, time)
      const blocked = blocking.filter(({relation}) => relation === qualified(table.schema, table.name))
      return draft({table, blocked, load, counts: isRead || history >= options.minWindow}, options)
    })
    if (drafts.length === 0 && !isRead && history < options.minWindow) {
      const missing = [statements, statementTexts, statementsInfo].find(section => !section.ok)!
      return {
        cannotJudge: `the counters cover only ${seconds(history)}, and the statements are not to be had`,
        ...('grant' in missing && missing.grant ? {cure: missing.grant} : {}),
      }
    }
    return {summary: `${drafts.length || 'none'} of ${found.length} session tables is hot`, findings: drafts}
  },
})

type Limits = Record<'highShare' | 'share' | 'minRate' | 'minCalls' | 'blockedFor' | 'manyRows', number>
/** `counts`: the shares stand for more than the loading of a new database */
type Seen = {table: Table; blocked: BlockedSession[]; load: SessionLoad; counts: boolean}

function severityOf({blocked, load, counts}: Seen, limits: Limits): Severity | null {
  const isHot = (calls: number) => counts && calls >= limits.minCalls && calls / load.seconds >= limits.minRate
  const isContended = blocked.length > 1 || blocked.some(({waitedFor}) => (waitedFor ?? 0) >= limits.blockedFor)
  if (isContended || (isHot(load.writes) && load.writeShare >= limits.highShare)) return 'high'
  if (isHot(load.writes) && load.writeShare >= limits.share) return 'medium'
  if (!isHot(load.calls)) return null
  return (load.timeShare ?? 0) >= limits.share ? 'medium' : load.callShare >= limits.share ? 'low' : null
}

function draft(seen: Seen, limits: Limits): FindingDraft[] {
  const severity = severityOf(seen, limits)
  if (!severity) return []
  const {table, blocked, load} = seen
  const name = qualified(table.schema, table.name)
  const rows = Math.max(table.liveRows, table.rowsEstimate)
  const isPiledUp = rows >= limits.manyRows && table.deletes === 0
  const waits = blocked.length > 0 ? `${blocked.length} sessions wait for a lock of it now. ` : ''
  const finding: FindingDraft = {
    severity,
    subject: name,
    title: `Web sessions are kept in ${name}, which is ${blocked.length > 0 ? 'contended' : 'hot'}`,
    detail:
      `${waits}${number(load.writeShare)} % of all writes and ${number(load.callShare)} % of all statements go to it. ` +
      'How long a login takes is not seen from here: compare it before and after.' +
      (isPiledUp ? ` It has ${number(rows)} rows and no row was ever deleted: expired sessions pile up.` : ''),
    evidence: evidence(seen),
    confidence: 'measured',
    fixes: [cacheSessions(name), ...(isPiledUp ? [removeExpired(name)] : [])],
  }
  return [finding]
}

function evidence({table, blocked, load}: Seen): Evidence[] {
  const {source, timeShare} = load
  const rows = `${table.inserts}, ${table.updates}, ${table.deletes}`
  return [
    {label: 'sessions waiting for it', value: blocked.length, unit: 'count', source: 'pg_locks'},
    {label: 'share of writes', value: load.writeShare, unit: 'percent', source},
    {label: 'writes', value: load.writes / load.seconds, unit: 'per second', source},
    {label: 'share of calls', value: load.callShare, unit: 'percent', source},
    ...(timeShare === null ? [] : [{label: 'share of time', value: timeShare, unit: 'percent' as const, source}]),
    {label: 'rows inserted, updated, deleted', value: rows, source: 'pg_stat_all_tables'},
  ]
}
