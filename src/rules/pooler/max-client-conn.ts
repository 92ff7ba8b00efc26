import {ASSUMED_OVERHEAD, type Demand, demandFor} from '../../derive/connections.js'
import {poolCapacity, poolerName, poolerNumber} from '../../derive/pooler.js'
import {defineRule, type Evidence, type FindingDraft} from '../../rule.js'
import type {Pooler} from '../../snapshot.js'

export default defineRule({
  id: 'pooler/max-client-conn',
  title: 'PgBouncer accepts too few clients',
  category: 'pooler',
  asksFor: 'pooler',
  needs: ['poolers'],
  options: {
    warnAt: {default: 80, unit: 'percent', help: 'medium when this share of max_client_conn is in use'},
    failAt: {default: 95, unit: 'percent', help: 'high when this share of it is in use'},
    overhead: {default: ASSUMED_OVERHEAD, unit: 'count', help: 'clients assumed for jobs, admin and monitoring'},
    room: {default: 1.25, unit: 'ratio', help: 'what the fix allows, as a multiple of what is wanted'},
  },
  severity: {
    high: 'failAt is in use, or the application is configured to open more: PgBouncer refuses clients, or will',
    medium: 'warnAt is in use, or the target load is assumed to need more: little room for a deployment',
  },
  why:
    'A client beyond max_client_conn is not queued but refused ("no more connections allowed"). Clients cost PgBouncer ' +
    'a few kilobytes and a file each, so there is no reason to be near the limit.',
  references: ['https://www.pgbouncer.org/config.html#max_client_conn'],
  check({poolers}, options, context) {
    const known = poolers.flatMap(pooler => {
      const limit = poolerNumber(pooler, 'max_client_conn')
      return limit === null ? [] : [{pooler, limit, used: usedClients(pooler)}]
    })
    if (known.length === 0) return {cannotJudge: 'SHOW CONFIG does not tell max_client_conn'}
    const times = poolers.length === 1 ? (context.poolerProcesses ?? 1) : 1
    const usedInAll = known.reduce((sum, {used}) => sum + used, 0) * times
    const demand = demandFor(context, usedInAll || null, options.overhead)
    const total = known.reduce((sum, {limit}) => sum + limit, 0) * times
    const short = demand !== null && demand.connections > total ? demand : null
    const each = Math.ceil((demand?.connections ?? 0) / (known.length * times))
    return {
      summary: known
        .map(({pooler, limit, used}) => `${used} of ${limit} clients at ${poolerName(pooler)}`)
        .concat(demand ? [`${demand.connections} wanted (${demand.basis})`] : [])
        .join(', '),
      findings: known.flatMap(({pooler, limit, used}) => {
        const share = (used / limit) * 100
        if (!short && share < options.warnAt) return []
        const to = Math.ceil((Math.max(used, each) * options.room) / 100) * 100
        return [finding(pooler, {limit, used, short, to, isHigh: share >= options.failAt, warnAt: options.warnAt})]
      }),
    }
  },
})

/** Clients of the console count against the limit like all others. */
const usedClients = ({lists, clients}: Pooler): number =>
  lists.used_clients === undefined
    ? clients.reduce((sum, {connections}) => sum + connections, 0)
    : lists.used_clients + (lists.login_clients ?? 0)

type Judged = {limit: number; used: number; short: Demand | null; to: number; isHigh: boolean; warnAt: number}

function finding(pooler: Pooler, {limit, used, short, to, isHigh, warnAt}: Judged): FindingDraft {
  const share = Math.round((used / limit) * 100)
  const isUsed = share >= warnAt
  const servers = poolCapacity([pooler], () => true).connections
  const evidence: Evidence[] = [
    {label: 'max_client_conn', value: limit, source: 'SHOW CONFIG'},
    {label: 'clients', value: used, source: 'SHOW LISTS'},
    ...(short ? [{label: 'clients wanted', value: short.connections, source: `${short.basis}: ${short.formula}`}] : []),
  ]
  return {
    severity: isHigh || short?.basis === 'configured' ? 'high' : 'medium',
    subject: poolerName(pooler),
    title: isUsed
      ? `${used} of max_client_conn = ${limit} clients are connected (${share} %)`
      : `max_client_conn = ${limit} is too low for ${short!.target}`,
    detail:
      used >= limit
        ? 'Every place is taken: the next client is refused.'
        : `No refusal was seen: ${limit - used} places are left. ` +
          (short?.basis === 'assumed'
            ? 'One client per user is an assumption: set app: in ahsp-db.yaml for an exact answer.'
            : 'A deployment that starts new processes before the old ones end needs up to twice the places.'),
    evidence,
    confidence: isUsed ? 'measured' : short?.basis === 'assumed' ? 'assumed' : 'estimated',
    fixes: [
      {
        kind: 'pooler',
        pooler,
        name: 'max_client_conn',
        to: `${to}`,
        risk: 'review',
        note: `PgBouncer then needs ${to + servers + 10} open files (clients, server connections, 10 of its own): pooler/open-file-limit`,
      },
    ],
  }
}
