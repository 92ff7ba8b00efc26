import {questionOf} from './analyze.js'
import {collectors} from './collect/index.js'
import {demandFor, maxConnectionsFor} from './derive/connections.js'
import {completeFix} from './fix/complete.js'
import {detectPlatform} from './fix/platform.js'
import type {Finding, Report, Result} from './report.js'
import type {Context, FixRequest} from './rule.js'
import exhaustion from './rules/connections/exhaustion.js'
import type {Snapshot} from './snapshot.js'
import {verdictOf} from './verdict.js'
import {VERSION} from './version.js'

/** What is known when the server refused even us. */
export type Refusal = {
  target: Report['target']
  message: string
  sqlstate: string
  attempts: number
  /** seconds since 1970 by *our* clock: there is no server to ask */
  at: number
}

/** PostgreSQL's defaults: the real ones cannot be read without a session. */
const DEFAULT_RESERVED = 3

/** A report about a server that has no connection left: the finding that matters most needs no session. */
export function refusalReport(refusal: Refusal, context: Context): Report {
  const sections = unreadable(refusal)
  const platform = detectPlatform(sections)
  const finding: Finding = {
    rule: exhaustion.id,
    severity: 'critical',
    subject: 'max_connections',
    title: 'The server refuses connections: too many clients already',
    detail:
      'Every connection that this role may use is taken, so the application is being refused too. ' +
      'Find out who holds them before raising the limit: idle application threads, a leak, or requests that ' +
      'wait for each other look the same from outside.',
    evidence: [
      {
        label: 'own connection attempts refused',
        value: refusal.attempts,
        unit: 'count',
        source: `SQLSTATE ${refusal.sqlstate}`,
      },
      {label: 'the server said', value: refusal.message, source: 'its error message'},
    ],
    confidence: 'measured',
    fixes: requests(context).map(request =>
      completeFix(request, questionOf(exhaustion.id, context), sections, platform),
    ),
    fingerprint: `${exhaustion.id} max_connections`,
  }
  const {id: rule, title, category} = exhaustion
  const results: Result[] = [{rule, title, category, status: 'found', summary: 'refused', findings: [finding]}]
  return {
    format: 'ahsp-db/report',
    version: 1,
    tool: VERSION,
    target: refusal.target,
    server: null,
    collectedAt: refusal.at,
    users: context.users ?? null,
    statistics: {since: null, seconds: null},
    verdict: verdictOf(results, 0, context.users ?? null),
    partial: true,
    warnings: ['no session could be opened: nothing else was read'],
    results,
    ignored: [],
  }
}

function requests(context: Context): FixRequest[] {
  const demand = demandFor(context, null, exhaustion.options.overhead.default)
  const look: FixRequest = {
    kind: 'action',
    title: 'See who holds the connections, as a superuser (3 connections are kept free for that)',
    steps: [
      'SELECT usename, application_name, client_addr, state, count(*), min(state_change) FROM pg_stat_activity ' +
        "WHERE backend_type = 'client backend' GROUP BY 1, 2, 3, 4 ORDER BY 5 DESC;",
      'Stop the client that holds most, or give its pool fewer connections than the server has.',
    ],
  }
  if (!demand) return [look]
  const to = maxConnectionsFor(demand.connections, DEFAULT_RESERVED, exhaustion.options.warnAt.default)
  const note = `${demand.connections} connections wanted (${demand.formula}); compare with SHOW max_connections first`
  return [look, {kind: 'setting', name: 'max_connections', to: `${to}`, risk: 'review', note}]
}

function unreadable({message}: Refusal): Snapshot['sections'] {
  const section = {ok: false, reason: 'error', message} as const
  return Object.fromEntries(collectors.map(collector => [collector.section, section])) as Snapshot['sections']
}
