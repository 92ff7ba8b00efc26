import {sectionNames} from './collect/index.js'
import {demandFor, maxConnectionsFor} from './derive/connections.js'
import {completeFix} from './fix/complete.js'
import {detectPlatform} from './fix/platform.js'
import {questionOf} from './question.js'
import type {Finding, Report} from './report.js'
import type {Context, FindingDraft, FixRequest} from './rule.js'
import exhaustion from './rules/connections/exhaustion.js'
import limits from './rules/connections/limits.js'
import type {Snapshot} from './snapshot.js'
import {quoteIdent} from './sql/quote.js'
import {verdictOf} from './verdict.js'
import {VERSION} from './version.js'

/** What is known when the server refused even us. */
export type Refusal = {
  kind: 'too-many-clients' | 'role-limit' | 'database-limit'
  target: Report['target']
  message: string
  sqlstate: string
  attempts: number
  /** seconds since 1970 by *our* clock: there is no server to ask */
  at: number
}

/** PostgreSQL's default: the real one cannot be read without a session. */
const DEFAULT_RESERVED = 3

const WHO =
  'SELECT usename, application_name, client_addr, state, count(*), min(state_change) FROM pg_stat_activity ' +
  "WHERE backend_type = 'client backend' GROUP BY 1, 2, 3, 4 ORDER BY 5 DESC;"

/** A report about a server that has no connection left: the finding that matters most needs no session. */
export function refusalReport(refusal: Refusal, context: Context): Report {
  const sections = unreadable(refusal)
  const rule = refusal.kind === 'too-many-clients' ? exhaustion : limits
  const draft = refusal.kind === 'too-many-clients' ? serverIsFull(context) : limitIsReached(refusal)
  const platform = detectPlatform(sections)
  const finding: Finding = {
    ...draft,
    rule: rule.id,
    severity: 'critical',
    confidence: 'measured',
    evidence: [
      {
        label: 'own connection attempts refused',
        value: refusal.attempts,
        unit: 'count',
        source: `SQLSTATE ${refusal.sqlstate}`,
      },
      {label: 'the server said', value: refusal.message, source: 'its error message'},
    ],
    fixes: draft.fixes.map(request => completeFix(request, questionOf(rule, context, sections), sections, platform)),
    fingerprint: `${rule.id} ${draft.subject}`,
  }
  const {id, title, category} = rule
  return reportOf(refusal, context, [
    {rule: id, title, category, status: 'found', summary: 'refused', findings: [finding]},
  ])
}

type Problem = Pick<FindingDraft, 'subject' | 'title' | 'detail' | 'fixes'>

function serverIsFull(context: Context): Problem {
  const demand = demandFor(context, null, exhaustion.options.overhead.default)
  const look: FixRequest = {
    kind: 'action',
    title: 'See who holds the connections, as a superuser (3 connections are kept free for that)',
    steps: [WHO, 'Stop the client that holds most, or give its pool fewer connections than the server has.'],
  }
  const raise = (wanted: number, formula: string): FixRequest => ({
    kind: 'setting',
    name: 'max_connections',
    to: `${maxConnectionsFor(wanted, DEFAULT_RESERVED, exhaustion.options.warnAt.default)}`,
    risk: 'review',
    note: `${wanted} connections wanted (${formula}); compare with SHOW max_connections first`,
  })
  return {
    subject: 'max_connections',
    title: 'The server refuses connections: too many clients already',
    detail:
      'Every connection that this role may use is taken, so the application is being refused too. Find out who holds ' +
      'them before raising the limit: idle application threads, a leak, or requests that wait for each other look the ' +
      'same from outside.',
    fixes: demand ? [look, raise(demand.connections, demand.formula)] : [look],
  }
}

/** The role's or the database's own CONNECTION LIMIT; -1 lifts it. */
function limitIsReached({kind, target}: Refusal): Problem {
  const [what, name] = kind === 'role-limit' ? ['role', target.user] : ['database', target.database]
  const object = `${what} ${quoteIdent(name)}`
  return {
    subject: object,
    title: `The ${object} has reached its CONNECTION LIMIT`,
    detail:
      `The server has room, but no more for this ${what}: everything that connects with it is refused. The limit itself ` +
      'could not be read without a session.',
    fixes: [
      {
        kind: 'sql',
        title: `Lift the limit (as a superuser or the owner), or set a higher one instead of -1`,
        statements: [`ALTER ${what.toUpperCase()} ${quoteIdent(name)} CONNECTION LIMIT -1;`],
        undo: [`ALTER ${what.toUpperCase()} ${quoteIdent(name)} CONNECTION LIMIT <the old limit>;`],
        lock: 'none; new sessions see it at once',
        risk: 'review',
      },
    ],
  }
}

function reportOf(refusal: Refusal, context: Context, results: Report['results']): Report {
  return {
    format: 'ahsp-db/report',
    version: 1,
    tool: VERSION,
    target: refusal.target,
    server: null,
    poolers: [],
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

function unreadable({message}: Refusal): Snapshot['sections'] {
  const section = {ok: false, reason: 'error', message} as const
  return Object.fromEntries(sectionNames.map(name => [name, section])) as Snapshot['sections']
}
