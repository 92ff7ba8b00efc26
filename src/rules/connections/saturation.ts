import {fewerOrMore} from '../../derive/connection-advice.js'
import {
  ASSUMED_OVERHEAD,
  type ClientGroup,
  clientGroups,
  demandFor,
  groupName,
  type Observed,
  observedClients,
  type Usable,
  usableConnections,
} from '../../derive/connections.js'
import {POOLED_LIMIT, pooledDemand, poolerNames} from '../../derive/pooled-demand.js'
import {defineRule, type Evidence, type Severity} from '../../rule.js'

export default defineRule({
  id: 'connections/saturation',
  title: 'Most connections are in use now',
  category: 'connections',
  needs: ['settings'],
  uses: ['activity', 'databases', 'roles', 'poolers'],
  settings: ['max_connections', 'superuser_reserved_connections'],
  options: {
    warnAt: {default: 70, unit: 'percent', help: 'medium from this share of the usable connections on'},
    highAt: {default: 85, unit: 'percent', help: 'high from this share on'},
    criticalAt: {default: 95, unit: 'percent', help: 'critical when every look at the sessions saw this share'},
    poolerAbove: {default: 300, unit: 'count', help: 'advise a pooler rather than more backends than this'},
  },
  severity: {
    critical: 'at or above criticalAt in every look: new clients are being refused, or will be with the next burst',
    high: 'at or above highAt: a deployment or a retry storm is enough to refuse clients',
    medium: 'at or above warnAt: little room for jobs, admin and peaks',
  },
  why:
    'When the last usable connection is taken, every further client gets an error instead of a place in a queue. ' +
    'Who holds the connections, and whether they work, tells if more of them would help.',
  references: ['https://www.postgresql.org/docs/current/runtime-config-connection.html#GUC-MAX-CONNECTIONS'],
  check({settings, activity, databases, roles, poolers}, options, context) {
    const budget = usableConnections(settings)
    const observed = observedClients(activity, databases)
    if (!observed) {
      const cure = !activity.ok && activity.grant ? {cure: activity.grant} : {}
      return {cannotJudge: 'neither sessions nor database counters could be read', ...cure}
    }
    const share = (clients: number) => (clients / budget.usable) * 100
    const inUse = `${observed.peak} of ${budget.usable} usable connections in use`
    if (share(observed.peak) < options.warnAt) return {summary: inUse, findings: []}
    // Pools that fit are as full as they can be.
    const pooled = pooledDemand({poolers, activity, roles}, context)
    if (pooled && share(Math.max(observed.peak, pooled.connections)) < POOLED_LIMIT) {
      return {summary: `${inUse}; PgBouncer opens ${pooled.pools} at most`, findings: []}
    }
    const isCritical = observed.exact && observed.looks > 1 && share(observed.least) >= options.criticalAt
    const severity: Severity = isCritical ? 'critical' : share(observed.peak) >= options.highAt ? 'high' : 'medium'
    const groups = activity.ok ? clientGroups(activity.data, 0) : []
    // One value for one setting: connections/exhaustion may ask for more, on account of the users to come.
    const demand = pooled ?? demandFor(context, observed.peak, ASSUMED_OVERHEAD)
    const wanted = Math.max(observed.peak, demand?.connections ?? 0)
    return {
      summary: inUse,
      findings: [
        {
          severity,
          subject: 'max_connections',
          title: `${inUse} (${Math.round(share(observed.peak))} %)`,
          detail: explain(observed, budget, groups),
          evidence: evidence(observed, budget, groups),
          confidence: observed.exact ? 'measured' : 'estimated',
          fixes: fewerOrMore(wanted, budget, isMostlyIdle(groups), options, {pooled, names: poolerNames(poolers)}),
        },
      ],
    }
  },
})

const sum = (groups: ClientGroup[], of: 'active' | 'connections' | 'idleInTransaction') =>
  groups.reduce((total, group) => total + group[of], 0)

/** More than half of the connections do nothing: the clients hold more than they need. */
const isMostlyIdle = (groups: ClientGroup[]) =>
  groups.length > 0 && sum(groups, 'active') + sum(groups, 'idleInTransaction') < sum(groups, 'connections') / 2

function explain({peak, least, exact}: Observed, {usable}: Usable, groups: ClientGroup[]): string {
  const full = peak >= usable ? 'Every usable connection was taken: further clients are refused.' : ''
  const seen = peak >= usable ? full : `No refusal was seen: free: ${usable - peak}${least < peak ? ' at worst' : ''}.`
  if (!exact) return `${seen} Counted with autovacuum workers; who holds them is hidden from this role.`
  if (isMostlyIdle(groups)) return `${seen} Most of them are idle: the clients hold more than they use.`
  return (
    `${seen} Most of them are busy or in a transaction: more connections share the same processors and locks, so a ` +
    'higher limit cures refusals, but not latency. Look at sessions/* and the slow queries first.'
  )
}

function evidence(observed: Observed, budget: Usable, groups: ClientGroup[]): Evidence[] {
  const usable = `max_connections ${budget.maxConnections} - ${budget.reserved} reserved`
  return [
    {label: 'client connections, peak', value: observed.peak, source: observed.source},
    {label: 'client connections, fewest', value: observed.least, source: observed.source},
    {label: 'usable connections', value: budget.usable, source: usable},
    ...groups.slice(0, 3).map(group => ({
      label: groupName(group),
      value: `${group.connections} (${group.active} active, ${group.idleInTransaction} idle in transaction)`,
      source: 'pg_stat_activity',
    })),
  ]
}
