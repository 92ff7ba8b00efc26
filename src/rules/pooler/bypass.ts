import {ADMIN_TOOLS} from '../../derive/admin-tools.js'
import {type Bypass, directClients} from '../../derive/bypass.js'
import {countedFinding, sessionsFinding} from '../../derive/bypass-findings.js'
import {isPairKnown, type ServedDatabase, servedDatabases} from '../../derive/served.js'
import {comparisons, proves} from '../../derive/unpooled-sessions.js'
import {defineRule} from '../../rule.js'
import type {Session} from '../../snapshot.js'
import {quoteIdent} from '../../sql/quote.js'

export default defineRule({
  id: 'pooler/bypass',
  title: 'The application connects past the pooler',
  category: 'pooler',
  asksFor: 'pooler',
  needs: ['server', 'activity', 'roles'],
  uses: ['poolers', 'databases', 'checkpoints'],
  options: {
    minSessions: {default: 2, unit: 'count', help: 'a single session may be a migration or a job'},
    mediumShare: {default: 10, unit: 'percent', help: "medium from this share of the role's clients on"},
    highShare: {default: 50, unit: 'percent', help: 'high from this share on: the pools bound nothing'},
    tools: {default: ADMIN_TOOLS, unit: 'names', help: 'application names that begin like this may connect directly'},
    opened: {default: 200, unit: 'count', help: 'sessions since the counters began that tell of an application'},
    openedWatched: {default: 10, unit: 'count', help: 'the same within a --window'},
    perMinute: {default: 2, unit: 'count', help: 'so many of them per minute: monitoring opens one'},
    pooledShare: {default: 5, unit: 'percent', help: 'fewer transactions than this of the sessions are none'},
  },
  severity: {
    high: 'half or more of a role came past the pooler, or counters of one and the same time say so: the pools bound nothing',
    medium: "a notable part of the role's clients did, or only old counters tell",
    low: 'a few did: perhaps one process with old settings',
  },
  why:
    'A pooler protects only from those who connect through it: one forgotten variable, and the application opens a ' +
    'backend for each thread as before. Its backends are known by their process ids, so whoever is not among them came past.',
  references: ['https://www.pgbouncer.org/usage.html#show-servers'],
  check({server, activity, roles, poolers, databases, checkpoints}, options, context, window) {
    if (!poolers.ok) return {cannotJudge: poolers.message}
    if (poolers.total !== undefined) {
      return {
        cannotJudge: 'not every PgBouncer console could be read: the backends of the others look like direct ones',
      }
    }
    if (!isPairKnown(poolers.data, activity)) {
      return {
        cannotJudge: "none of PgBouncer's server connections is a session here: another server, or a pooler between",
      }
    }
    const served = servedDatabases(poolers.data, {ok: true, data: activity})
    const {bypasses, others} = directClients(poolers.data, activity, roles, options.tools, context.poolerProcesses)
    const found = bypasses.filter(({sessions}) => sessions.length >= options.minSessions)
    const silent = served.filter(each => !found.some(bypass => bypass.served.database === each.database))
    const counted = silent.flatMap(each => {
      const rows = databases.ok ? databases.data : []
      const compared = comparisons({served: each, databases: rows, server, checkpoints, context, window})
      const proof = compared.find(one => proves(one, options))
      return proof ? [countedFinding(each, proof)] : []
    })
    return {
      summary: summary(served, bypasses, others),
      findings: [...found.map(bypass => sessionsFinding(bypass, options)), ...counted],
    }
  },
})

function summary(served: ServedDatabase[], bypasses: Bypass[], others: Session[]): string {
  if (served.length === 0) return 'the poolers serve no database of this server'
  const clients = served.reduce((sum, each) => sum + each.clients, 0)
  const past = bypasses.reduce((sum, {sessions}) => sum + sessions.length, 0)
  return (
    `clients of ${served.map(({database}) => quoteIdent(database)).join(', ')}: ${clients} through the pooler, ` +
    `${past || 'none'} of the application past it; tools and others: ${others.length}`
  )
}
