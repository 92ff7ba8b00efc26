import {
  type Demand,
  demandFor,
  longLivedClients,
  maxConnectionsFor,
  peakClients,
  type Usable,
  usableConnections,
} from '../../derive/connections.js'
import {type Confidence, defineRule, type Evidence, type FixRequest, type Severity} from '../../rule.js'
import type {Activity, Section} from '../../snapshot.js'

export default defineRule({
  id: 'connections/exhaustion',
  title: 'Too few connections for the target number of users',
  category: 'connections',
  needs: ['server', 'settings'],
  uses: ['activity'],
  settings: ['max_connections', 'superuser_reserved_connections'],
  options: {
    warnAt: {default: 70, unit: 'percent', help: 'high from this share of the usable connections on'},
    failAt: {default: 90, unit: 'percent', help: 'critical from this share on, when it was measured'},
    overhead: {default: 25, unit: 'count', help: 'backends assumed for jobs, admin and monitoring'},
    poolerAbove: {default: 300, unit: 'count', help: 'advise a pooler rather than more backends than this'},
    longLived: {default: 60, unit: 'seconds', help: 'a connection this old belongs to a thread or a pool'},
  },
  severity: {
    critical: 'demand is at or above failAt and a full server was measured: users are being refused now',
    high: 'demand at the target load is at or above warnAt of what is usable: users will be refused',
  },
  why:
    'A client that finds no free connection gets an error at once: PostgreSQL does not queue. Demand follows the ' +
    "application's threads and pools, not its users, so tell the tool what they are (app: in ahsp-db.yaml).",
  references: ['https://www.postgresql.org/docs/current/runtime-config-connection.html#GUC-MAX-CONNECTIONS'],
  check({server, settings, activity}, options, context) {
    const budget = usableConnections(settings)
    const peak = activity.ok ? peakClients(activity.data) : null
    const demand = demandFor(context, peak, options.overhead)
    if (!demand) {
      return {cannotJudge: 'the target load is not known', cure: 'ahsp-db check --users N   # or app: in ahsp-db.yaml'}
    }
    const share = (demand.connections / budget.usable) * 100
    const target = context.users === undefined ? 'the application' : `${context.users} users`
    if (share < options.warnAt) {
      return {summary: `max_connections = ${budget.maxConnections} is sufficient for ${target}`, findings: []}
    }
    const isFull = peak !== null && peak >= budget.usable
    const confidence: Confidence = isFull ? 'measured' : demand.basis === 'assumed' ? 'assumed' : 'estimated'
    const severity: Severity = isFull && share >= options.failAt ? 'critical' : 'high'
    const recommended = maxConnectionsFor(demand.connections, budget.reserved, options.warnAt)
    const advice = recommended > options.poolerAbove ? 'put a pooler in front' : `recommended: ${recommended}`
    return {
      summary: `max_connections = ${budget.maxConnections} is too low for ${target}`,
      findings: [
        {
          severity,
          subject: 'max_connections',
          title: `max_connections = ${budget.maxConnections} is too low for ${target}, ${advice}`,
          detail: explain(demand, isFull, peak, budget, activity, server.now, options.longLived),
          evidence: evidence(budget, demand, peak),
          confidence,
          fixes: fixes(recommended, options.poolerAbove, demand, budget),
        },
      ],
    }
  },
})

function evidence(budget: Usable, demand: Demand, peak: number | null): Evidence[] {
  return [
    {
      label: 'usable connections',
      value: budget.usable,
      source: `max_connections ${budget.maxConnections} - ${budget.reserved} reserved`,
    },
    {label: 'connections wanted', value: demand.connections, source: `${demand.basis}: ${demand.formula}`},
    ...(peak === null
      ? []
      : [{label: 'peak of client connections seen', value: peak, source: 'pg_stat_activity, sampled'}]),
  ]
}

function explain(
  demand: Demand,
  isFull: boolean,
  peak: number | null,
  budget: Usable,
  activity: Section<Activity>,
  now: number,
  longLived: number,
): string {
  const seen = isFull
    ? `All ${budget.usable} usable connections were in use while this ran: further clients are refused.`
    : `No refused connection was seen${peak === null ? '' : ` (peak ${peak} of ${budget.usable})`}, so a low limit is not yet ` +
      'proof of a bottleneck: if latency is the problem, raising it will not cure that.'
  const [group] = activity.ok ? longLivedClients(activity.data, now, longLived) : []
  const threads = group
    ? ` ${group.user || 'A role'} holds ${group.connections} long-lived connections` +
      `${group.application ? ` as ${group.application}` : ''} from ${group.clientAddr}: its threads or pool.`
    : ''
  const ask =
    demand.basis === 'configured' ? '' : ' What counts are the threads of the application: set app: in ahsp-db.yaml.'
  return `${seen}${threads}${ask}`
}

function fixes(recommended: number, poolerAbove: number, demand: Demand, budget: Usable): FixRequest[] {
  const pooler: FixRequest = {
    kind: 'action',
    title: 'Put a pooler (PgBouncer, transaction mode) between the application and PostgreSQL',
    risk: 'review',
    steps: [
      `Let it accept ${demand.connections} clients or more and open at most ${Math.floor(budget.usable * 0.8)} backends ` +
        `(80 % of the ${budget.usable} usable ones).`,
      'Or give the application fewer threads than the server has usable connections.',
    ],
  }
  if (recommended > poolerAbove) return [pooler]
  const note = 'each backend may use work_mem several times: look at memory/work-mem afterwards'
  return [{kind: 'setting', name: 'max_connections', to: `${recommended}`, risk: 'review', note}]
}
