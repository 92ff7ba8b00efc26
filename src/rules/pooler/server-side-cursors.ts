import {RESET_NOTE, type RoleStatements, transactionRoles} from '../../derive/pooled-statements.js'
import {sessionEntry} from '../../derive/pooler-advice.js'
import {cursorsOf, isDjangoCursor} from '../../derive/session-features.js'
import {defineRule, type FindingDraft, type FixRequest, type Severity} from '../../rule.js'
import {quoteIdent} from '../../sql/quote.js'
import {number} from '../../units.js'

export default defineRule({
  id: 'pooler/server-side-cursors',
  title: 'Cursors on the server through a pool by transaction',
  category: 'pooler',
  asksFor: 'pooler',
  needs: ['poolers', 'statements', 'statementTexts'],
  uses: ['activity', 'statementsInfo'],
  options: {
    minCalls: {default: 5, unit: 'count', help: 'fewer cursors than this may be somebody trying'},
    unreadShare: {default: 20, unit: 'percent', help: 'high when so many of them were never read from'},
  },
  severity: {
    high: 'cursors were declared and never read from: the next statement met another session, and the request failed',
    medium: 'cursors outlive their transaction: whether the next statement finds them is chance',
    low: "Django's cursors are on, and work only because each was used within a transaction",
  },
  why:
    'A pool by transaction gives the session away when the transaction ends, and a cursor that outlives it stays ' +
    'behind in that session. The next FETCH meets another one: "cursor does not exist", and the old one is never closed.',
  references: [
    'https://docs.djangoproject.com/en/stable/ref/databases/#transaction-pooling-and-server-side-cursors',
    'https://www.pgbouncer.org/features.html#sql-feature-map-for-pooling-modes',
  ],
  check({poolers, statements, statementTexts, activity, statementsInfo}, {minCalls, unreadShare}) {
    const roles = transactionRoles(poolers, activity, statements, statementTexts)
    // Of a server with more statements than are read, a missing FETCH means nothing.
    const isComplete = statementsInfo.ok && statementsInfo.data.entries <= COMPLETE
    const findings = roles.flatMap(role => draft(role, minCalls, unreadShare, isComplete) ?? [])
    const declared = roles.reduce((sum, role) => sum + cursorsOf(role).held.calls, 0)
    return {
      summary: `${declared || 'no'} cursors declared to outlive their transaction, by ${roles.length} pooled roles`,
      findings,
    }
  },
})

/** The collector reads the first 300 by time, whatever the others are. */
const COMPLETE = 300

function draft(role: RoleStatements, minCalls: number, unreadShare: number, isComplete: boolean): FindingDraft | null {
  const {held, unread, djangoInTransaction} = cursorsOf(role)
  const isHeld = held.calls >= minCalls
  if (!isHeld && djangoInTransaction < minCalls) return null
  const isDjango = !isHeld || held.names.some(isDjangoCursor)
  const hasFailed = isHeld && isComplete && (unread / held.calls) * 100 >= unreadShare
  const severity: Severity = hasFailed ? 'high' : isHeld ? 'medium' : 'low'
  const name = quoteIdent(role.pooled.role)
  const calls = isHeld ? held.calls : djangoInTransaction
  return {
    severity,
    subject: `role ${name} in database ${quoteIdent(role.served.database)}`,
    title: isHeld
      ? `Role ${name} declared ${number(calls)} cursors that a pool by transaction loses`
      : `Role ${name} uses cursors on the server: ${number(calls)}, each within a transaction`,
    detail: hasFailed
      ? `${number(unread)} of them were never read from: the FETCH after them failed, or never came.`
      : isHeld
        ? 'That a FETCH failed was not seen: failed statements are not counted. The application has its errors in its log.'
        : 'None of them was lost. The first .iterator() outside a transaction will be.',
    evidence: [
      {label: 'cursors declared WITH HOLD', value: held.calls, source: 'pg_stat_statements'},
      {
        label: 'of these never read from',
        value: isComplete ? unread : 'not told: too many statements',
        source: 'pg_stat_statements',
      },
      ...(djangoInTransaction > 0
        ? [{label: 'cursors of Django within a transaction', value: djangoInTransaction, source: 'pg_stat_statements'}]
        : []),
      {label: 'pool_mode', value: role.pooled.mode, source: 'SHOW CONFIG, DATABASES, USERS'},
    ],
    confidence: hasFailed ? 'measured' : 'estimated',
    fixes: [isDjango ? django : readAtOnce, sessionEntry(role.pooled, 'what reads by cursor')],
  }
}

const inTransaction = {
  where: 'the code that reads by cursor',
  lines: ['Open, read and close the cursor within one transaction, or read the rows at once, some thousand at a time.'],
}

const django: FixRequest = {
  kind: 'app',
  title: 'Let Django read without cursors on the server',
  risk: 'safe',
  note: `.iterator() then fetches all rows at once: give it a filter, or a transaction of its own. ${RESET_NOTE}`,
  by: {
    django: {where: "settings.py, DATABASES['default']", lines: ["'DISABLE_SERVER_SIDE_CURSORS': True,"]},
    plain: {where: "settings.py, DATABASES['default']", lines: ["'DISABLE_SERVER_SIDE_CURSORS': True,"]},
  },
}

const readAtOnce: FixRequest = {
  kind: 'app',
  title: 'Keep each cursor within one transaction',
  note: RESET_NOTE,
  by: {plain: inTransaction},
}
