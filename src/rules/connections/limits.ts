import {ASSUMED_OVERHEAD, demandFor, observedClients, usableConnections} from '../../derive/connections.js'
import {pooledDemand} from '../../derive/pooled-demand.js'
import {defineRule, type FindingDraft} from '../../rule.js'
import {quoteIdent} from '../../sql/quote.js'

export default defineRule({
  id: 'connections/limits',
  title: 'The connection limit of a role or database is too low',
  category: 'connections',
  needs: ['server', 'settings', 'roles', 'databases'],
  uses: ['activity', 'poolers'],
  settings: ['max_connections', 'superuser_reserved_connections'],
  options: {
    warnAt: {default: 80, unit: 'percent', help: 'medium from this share of the limit on; high when it is reached'},
    smallest: {default: 5, unit: 'count', help: 'lower limits are meant as they are (0: closed, 1: one job at a time)'},
    overhead: {default: ASSUMED_OVERHEAD, unit: 'count', help: 'backends assumed for jobs, admin and monitoring'},
  },
  severity: {
    high: 'the limit is reached, or it is below what the target load needs: logins are refused, or will be',
    medium: 'in use at or above warnAt of the limit: little room for a peak',
  },
  why:
    'A role or a database with a CONNECTION LIMIT refuses clients although the server has connections left. ' +
    'Such limits are forgotten: nothing warns before the first login fails.',
  references: ['https://www.postgresql.org/docs/current/sql-alterrole.html'],
  check({server, settings, roles, databases, activity, poolers}, options, context) {
    const {usable} = usableConnections(settings)
    const observed = observedClients(activity, {ok: true, data: databases})
    const demand =
      pooledDemand({poolers, activity, roles: {ok: true, data: roles}}, context) ??
      demandFor(context, observed?.exact ? observed.peak : null, options.overhead)
    const application = busiest(roles)
    const limited: Limited[] = [
      // Superusers are held by no limit of their own.
      ...roles
        .filter(({isSuperuser}) => !isSuperuser)
        .map(({name, connectionLimit, connections}) => {
          const isTarget = name === application
          return {kind: 'role' as const, name, limit: connectionLimit, inUse: connections, isTarget}
        }),
      ...databases.map(({name, connectionLimit, backends}) => {
        const isOwn = name === server.database
        // numbackends counts us too.
        const inUse = Math.max(0, backends - (isOwn ? 1 : 0))
        return {kind: 'database' as const, name, limit: connectionLimit, inUse, isTarget: isOwn}
      }),
    ].filter(({limit}) => limit >= options.smallest)
    if (limited.length === 0) return {summary: 'no role and no database has a connection limit', findings: []}
    limited.sort((a, b) => b.inUse / b.limit - a.inUse / a.limit)
    return {
      summary: `${subjectOf(limited[0]!)} uses ${limited[0]!.inUse} of the ${limited[0]!.limit} connections it may have`,
      findings: limited.flatMap(each => {
        const needed = each.isTarget && demand && each.limit < Math.min(demand.connections, usable) ? demand : null
        const isUsed = each.inUse >= (each.limit * options.warnAt) / 100
        return needed || isUsed ? [finding(each, needed, usable, options.warnAt)] : []
      }),
    }
  },
})

type Limited = {kind: 'role' | 'database'; name: string; limit: number; inUse: number; isTarget: boolean}
type Needed = {connections: number; basis: string; target: string; formula: string} | null

const subjectOf = ({kind, name}: Limited) => `${kind} ${quoteIdent(name)}`

/** The ordinary role with most sessions: the application's. */
function busiest(roles: {name: string; isSuperuser: boolean; connections: number}[]): string | null {
  const used = roles.filter(({isSuperuser, connections}) => !isSuperuser && connections > 0)
  return used.sort((a, b) => b.connections - a.connections)[0]?.name ?? null
}

function finding(each: Limited, needed: Needed, usable: number, warnAt: number): FindingDraft {
  const {limit, inUse} = each
  const subject = subjectOf(each)
  const isReached = inUse >= limit
  const isUsed = inUse >= (limit * warnAt) / 100
  const wanted = Math.max((inUse / warnAt) * 100 + 1, needed?.connections ?? 0)
  const to = Math.ceil(wanted / 10) * 10
  const next = to >= usable ? -1 : to
  const alter = (value: number) =>
    `ALTER ${each.kind === 'role' ? 'ROLE' : 'DATABASE'} ${quoteIdent(each.name)} CONNECTION LIMIT ${value}`
  return {
    severity: needed || isReached ? 'high' : 'medium',
    subject,
    title: isUsed
      ? `CONNECTION LIMIT ${limit} of ${subject}: ${inUse} in use`
      : `CONNECTION LIMIT ${limit} of ${subject} is too low for ${needed?.target}`,
    detail: isReached
      ? 'The limit is reached: the next login is refused. That is no fault when a pool was sized to this very limit.'
      : `No refused login was seen: ${limit - inUse} of ${limit} are left${needed ? `, fewer than ${needed.target} want` : ''}.`,
    evidence: [
      {label: 'connection limit', value: limit, source: each.kind === 'role' ? 'pg_roles' : 'pg_database'},
      {label: 'in use', value: inUse, source: each.kind === 'role' ? 'pg_stat_activity' : 'pg_stat_database'},
      ...(needed
        ? [{label: 'connections wanted', value: needed.connections, source: `${needed.basis}: ${needed.formula}`}]
        : []),
    ],
    confidence: isReached || !needed ? 'measured' : needed.basis === 'assumed' ? 'assumed' : 'estimated',
    fixes: [
      {
        kind: 'sql',
        title: next < 0 ? `Remove the limit: the server has only ${usable} connections` : `Raise the limit to ${next}`,
        statements: [alter(next)],
        undo: [alter(limit)],
        lock: 'none that waits for sessions; new logins see it at once',
        note: 'First ask who set the limit: it may keep this role from taking the connections of others.',
      },
    ],
  }
}
