import {COUNTED, RESET_NOTE, type RoleStatements, transactionRoles} from '../../derive/pooled-statements.js'
import {sessionEntry} from '../../derive/pooler-advice.js'
import {directSessions} from '../../derive/served.js'
import {type Feature, featuresOf} from '../../derive/session-features.js'
import {withoutSessionState} from '../../derive/session-state-advice.js'
import {defineRule, type FindingDraft} from '../../rule.js'
import {quoteIdent} from '../../sql/quote.js'
import {number} from '../../units.js'

export default defineRule({
  id: 'pooler/session-state',
  title: 'What one client leaves in its session reaches others',
  category: 'pooler',
  asksFor: 'pooler',
  needs: ['poolers', 'statements', 'statementTexts'],
  uses: ['activity'],
  options: {
    minCalls: {default: 20, unit: 'count', help: 'fewer calls than this may be a person or a migration'},
    harmless: {
      default: ['client_min_messages', 'extra_float_digits', 'intervalstyle', 'bytea_output'],
      unit: 'names',
      help: 'parameters that drivers set to the same value everywhere',
    },
  },
  severity: {
    high: 'a SET with different values that decides whose data is seen: one client works with the value of another',
    medium: 'settings, locks, temporary tables or LISTEN that stay with a session the client does not keep',
  },
  why:
    'A pool by transaction lends the same session to one client after the other, and nothing is cleaned in between. ' +
    'A SET, a lock or a temporary table of one client is there for the next, and gone for the one that made it.',
  references: ['https://www.pgbouncer.org/features.html#sql-feature-map-for-pooling-modes'],
  check({poolers, statements, statementTexts, activity}, {minCalls, harmless}) {
    const roles = transactionRoles(poolers, activity, statements, statementTexts)
    const direct = activity.ok ? directSessions(poolers, activity.data) : []
    // A listener that has its own way past the pooler is where its LISTEN belongs.
    const listens = (role: string) => direct.some(({user, query}) => user === role && /^\s*LISTEN\b/i.test(query))
    const found = roles.flatMap(role => {
      const features = featuresOf(role, harmless)
        .filter(({calls}) => calls >= minCalls)
        .filter(({kind}) => kind !== 'listen' || !listens(role.pooled.role))
      return features.length > 0 ? [{role, features}] : []
    })
    return {
      summary:
        found.length > 0
          ? `${found.length} of ${roles.length} pooled roles leave something in their sessions`
          : `no session state in the statements of ${roles.length} pooled roles`,
      findings: found.map(({role, features}) => draft(role, features)),
    }
  },
})

const NOTE = `What was left behind stays in the pool's sessions until RECONNECT in the console. ${RESET_NOTE}`

/** These decide whose rows a statement sees or changes; `a.b` are parameters of the application, for row security. */
const decidesWhose = ({kind, label}: Feature) =>
  kind === 'set' && /^SET (?:search_path|role|session authorization|row_security|[\w$]+\.[\w.$]+)$/.test(label)

function draft(role: RoleStatements, features: Feature[]): FindingDraft {
  const {pooled, served} = role
  const name = quoteIdent(pooled.role)
  const mixed = features.filter(feature => decidesWhose(feature) && feature.forms > 1)
  const isOpen = features.some(feature => decidesWhose(feature) && feature.forms === 1)
  return {
    severity: mixed.length > 0 ? 'high' : 'medium',
    subject: `role ${name} in database ${quoteIdent(served.database)}`,
    title: `Role ${name} leaves its state in shared sessions: ${features
      .map(({label}) => label)
      .slice(0, 3)
      .join(', ')}`,
    detail:
      (mixed.length > 0
        ? `${mixed[0]!.label} came with different values: who gets the session next sees what the last one set. `
        : isOpen
          ? 'Whether the values differ from client to client is not told (PostgreSQL 18 leaves them out). '
          : '') + COUNTED,
    evidence: [
      ...features.slice(0, 6).map(({label, calls, forms}) => ({
        label: `calls of ${label}`,
        value: forms > 1 ? `${number(calls)} in ${forms} forms` : calls,
        source: 'pg_stat_statements',
      })),
      {label: 'pool_mode', value: pooled.mode, source: 'SHOW CONFIG, DATABASES, USERS'},
    ],
    confidence: 'estimated',
    fixes: [...withoutSessionState(features, pooled.role, NOTE), sessionEntry(pooled, 'what needs its session')],
  }
}
