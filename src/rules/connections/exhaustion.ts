import {putPooler, raiseMaxConnections} from '../../derive/connection-advice.js'
import {
  ASSUMED_OVERHEAD,
  clientGroups,
  type Demand,
  demandFor,
  groupName,
  maxConnectionsFor,
  type Observed,
  observedClients,
  type Usable,
  usableConnections,
} from '../../derive/connections.js'
import {judgePooled, pooledDemand, poolerNames} from '../../derive/pooled-demand.js'
import {type Confidence, defineRule, type Evidence, type FixRequest, type Severity} from '../../rule.js'

export default defineRule({
  id: 'connections/exhaustion',
  title: 'Too few connections for the target load',
  category: 'connections',
  needs: ['settings'],
  uses: ['activity', 'databases', 'roles', 'poolers'],
  settings: ['max_connections', 'superuser_reserved_connections'],
  options: {
    warnAt: {default: 70, unit: 'percent', help: 'high from this share of the usable connections on'},
    failAt: {default: 90, unit: 'percent', help: 'critical from this share on, when a full server was measured'},
    overhead: {default: ASSUMED_OVERHEAD, unit: 'count', help: 'backends assumed for jobs, admin and monitoring'},
    poolerAbove: {default: 300, unit: 'count', help: 'advise a pooler rather than more backends than this'},
    longLived: {default: 60, unit: 'seconds', help: 'a connection this old belongs to a thread or a pool'},
  },
  severity: {
    critical: 'demand is at or above failAt and every usable connection was seen in use: clients are refused now',
    high: 'demand at the target load is at or above warnAt of what is usable: the rest is for admin, jobs, deployments',
  },
  why:
    'A client that finds no free connection gets an error at once: PostgreSQL does not queue. Demand follows the ' +
    "application's threads and pools, not its users, so tell the tool what they are (app: in ahsp-db.yaml).",
  references: ['https://www.postgresql.org/docs/current/runtime-config-connection.html#GUC-MAX-CONNECTIONS'],
  check({settings, activity, databases, roles, poolers}, options, context) {
    const budget = usableConnections(settings)
    const observed = observedClients(activity, databases)
    const pooled = pooledDemand({poolers, activity, roles}, context)
    if (pooled) return judgePooled(pooled, budget, observed)
    const demand = demandFor(context, observed?.exact ? observed.peak : null, options.overhead)
    if (!demand) {
      return {cannotJudge: 'the target load is not known', cure: 'ahsp-db check --users N   # or app: in ahsp-db.yaml'}
    }
    const share = (demand.connections / budget.usable) * 100
    const max = `max_connections = ${budget.maxConnections}`
    const wanted = `${demand.connections} of ${budget.usable} usable connections, ${demand.basis}`
    if (share < options.warnAt) return {summary: `${max} is sufficient for ${demand.target} (${wanted})`, findings: []}
    const isFull = observed?.exact === true && observed.peak >= budget.usable
    const confidence: Confidence = isFull ? 'measured' : demand.basis === 'assumed' ? 'assumed' : 'estimated'
    const severity: Severity = isFull && share >= options.failAt ? 'critical' : 'high'
    const to = maxConnectionsFor(demand.connections, budget.reserved, options.warnAt)
    const advice = to > options.poolerAbove ? 'put a pooler in front' : `recommended ${to}`
    const [group] = activity.ok ? clientGroups(activity.data, options.longLived) : []
    const threads = group ? ` ${capital(groupName(group))} holds ${group.connections} long-lived connections.` : ''
    return {
      summary: `${max} is too low for ${demand.target} (${wanted})`,
      findings: [
        {
          severity,
          subject: 'max_connections',
          title: `${max} is too low for ${demand.target}, ${advice}`,
          detail: `${seen(isFull, observed, budget)} ${REASON[demand.basis]}${threads}`,
          evidence: evidence(budget, demand, observed),
          confidence,
          fixes: fixes(to, options, demand, budget, poolerNames(poolers)),
        },
      ],
    }
  },
})

const capital = (text: string) => text.charAt(0).toUpperCase() + text.slice(1)

const REASON: Record<Demand['basis'], string> = {
  assumed:
    'One backend per user is an assumption: what counts is how many threads or pooled connections the application ' +
    'can open, whatever the number of users. Set app: in ahsp-db.yaml and ask again.',
  observed: 'Demand follows the threads and pools of the application: set app: in ahsp-db.yaml for an exact answer.',
  configured: 'Jobs, admin and the second copy during a deployment come on top of what the application opens.',
}

/** Raising the limit was the story's mistake: say what was not seen. */
function seen(isFull: boolean, observed: Observed | null, {usable}: Usable): string {
  if (isFull) return `All ${usable} usable connections were in use while this ran: further clients are refused.`
  const peak = observed ? `No refusal was seen (peak ${observed.peak} of ${usable})` : 'Sessions could not be seen'
  return `${peak}: this is about the target load. A higher limit cures refusals, but neither latency nor throughput.`
}

function evidence(budget: Usable, demand: Demand, observed: Observed | null): Evidence[] {
  const usable = `max_connections ${budget.maxConnections} - ${budget.reserved} reserved`
  const peak = observed && {label: 'client connections seen, peak', value: observed.peak, source: observed.source}
  return [
    {label: 'usable connections', value: budget.usable, source: usable},
    {label: 'connections wanted', value: demand.connections, source: `${demand.basis}: ${demand.formula}`},
    ...(peak ? [peak] : []),
  ]
}

type Limits = {poolerAbove: number; warnAt: number}

function fixes(
  to: number,
  {poolerAbove, warnAt}: Limits,
  {connections}: Demand,
  {usable}: Usable,
  pooler: string | null,
): FixRequest[] {
  const put = putPooler(connections, Math.ceil((usable * warnAt) / 100) - 1, pooler)
  if (to > poolerAbove) return [put]
  // A pooler that is there already needs no restart to be used.
  return pooler ? [put, raiseMaxConnections(to)] : [raiseMaxConnections(to), put]
}
