import {COUNTED, type RoleStatements, transactionRoles} from '../../derive/pooled-statements.js'
import {poolerName, poolModeOf} from '../../derive/pooler.js'
import {keepsPrepared} from '../../derive/pooler-advice.js'
import {keepPrepared, preparedEvidence, preparesByDefault, versionEvidence} from '../../derive/prepared-statements.js'
import {defineRule, type FindingDraft} from '../../rule.js'
import type {Pooler} from '../../snapshot.js'
import {quoteIdent} from '../../sql/quote.js'

export default defineRule({
  id: 'pooler/prepared-statements',
  title: 'Prepared statements through a pooler that does not keep them',
  category: 'pooler',
  asksFor: 'pooler',
  needs: ['poolers'],
  uses: ['activity', 'statements', 'statementTexts', 'application'],
  options: {
    minCalls: {default: 100, unit: 'count', help: 'statements called less often tell nothing about their plans'},
    reused: {default: 50, unit: 'percent', help: 'planned in fewer of their calls than this: prepared by name'},
  },
  severity: {
    medium: 'a pooled role prepares statements by name: they stay with a session that the client does not keep',
    low: "the application's framework does so unless told otherwise; whether this one does was not seen",
  },
  why:
    'Drivers prepare a statement once and then call it by name, in the session where it was prepared. A pool by ' +
    'transaction changes the session: "prepared statement does not exist". PgBouncer 1.21 and later can follow the names.',
  references: ['https://www.pgbouncer.org/config.html#max_prepared_statements'],
  check({poolers, activity, statements, statementTexts, application}, options) {
    const unable = poolers.filter(pooler => !keepsPrepared(pooler) && worksByTransaction(pooler))
    if (unable.length === 0) {
      return {summary: 'named prepared statements are kept apart, or every pool works by session', findings: []}
    }
    const told = unable.filter(({samples, clients}) => {
      const stats = samples.at(-1)?.stats ?? []
      return (
        stats.some(each => (each.clientParses ?? 0) > 0) || clients.some(each => (each.preparedStatements ?? 0) > 0)
      )
    })
    const findings = told.map(pooler => toldByConsole(pooler))
    if (!statements.ok || !statementTexts.ok) {
      if (findings.length > 0) return {summary: 'clients prepare statements by name', findings}
      const section = statements.ok ? statementTexts : statements
      const cure = !section.ok && section.grant ? {cure: section.grant} : {}
      return {
        cannotJudge: `whether clients prepare statements is not told: ${section.ok ? '' : section.message}`,
        ...cure,
      }
    }
    const roles = transactionRoles(unable, activity, statements.data, statementTexts.data)
    const others = roles.filter(({pooled}) => !told.includes(pooled.pooler))
    const byDefault = application.ok ? preparesByDefault(application.data) : null
    for (const role of others) {
      const seen = preparedEvidence(role, options)
      if (seen.proof) findings.push(toldByServer(role, seen.proof))
      else if (byDefault && !seen.isRefuted && role.statements.length > 0) findings.push(assumed(role, byDefault))
    }
    return {
      summary: `${findings.length || 'none'} of ${roles.length} pooled roles prepare statements by name, as far as was seen`,
      findings,
    }
  },
})

const worksByTransaction = (pooler: Pooler) =>
  pooler.databases.some(database => poolModeOf(pooler, database) !== 'session') ||
  (pooler.samples.at(-1)?.pools ?? []).some(({poolMode}) => poolMode !== 'session' && poolMode !== '')

function toldByConsole(pooler: Pooler): FindingDraft {
  const parses = (pooler.samples.at(-1)?.stats ?? []).reduce((sum, each) => sum + (each.clientParses ?? 0), 0)
  const held = pooler.clients.reduce((sum, each) => sum + (each.preparedStatements ?? 0), 0)
  return {
    severity: 'medium',
    subject: poolerName(pooler),
    title: `Clients of PgBouncer at ${poolerName(pooler)} prepare statements, and max_prepared_statements is 0`,
    detail: 'They were counted while it was above 0: since it is 0 PgBouncer does not look at them any more.',
    evidence: [
      {label: 'statements prepared by clients', value: parses, source: 'SHOW STATS'},
      {label: 'prepared statements of clients now', value: held, source: 'SHOW CLIENTS'},
    ],
    confidence: 'measured',
    fixes: keepPrepared(pooler),
  }
}

const roleSubject = ({pooled, served}: RoleStatements) =>
  `role ${quoteIdent(pooled.role)} in database ${quoteIdent(served.database)}`

function toldByServer(role: RoleStatements, proof: {label: string; value: number; source: string}): FindingDraft {
  const {pooler} = role.pooled
  return {
    severity: 'medium',
    subject: roleSubject(role),
    title: `Role ${quoteIdent(role.pooled.role)} prepares statements by name, and PgBouncer does not keep them`,
    detail: `That a call failed was not seen: failed statements are not counted. ${COUNTED}`,
    evidence: [proof, ...versionEvidence(pooler)],
    confidence: 'estimated',
    fixes: keepPrepared(pooler),
  }
}

function assumed(role: RoleStatements, {framework, table}: {framework: string; table: string}): FindingDraft {
  return {
    severity: 'low',
    subject: roleSubject(role),
    title: `${framework} prepares statements unless told otherwise, and PgBouncer does not keep them`,
    detail:
      'Whether this application does was not seen. pg_stat_statements.track_planning = on would tell: a prepared ' +
      'statement is planned less often than it is called.',
    evidence: [
      {label: 'table of the framework', value: table, source: 'pg_class'},
      ...versionEvidence(role.pooled.pooler),
    ],
    confidence: 'assumed',
    fixes: keepPrepared(role.pooled.pooler),
  }
}
