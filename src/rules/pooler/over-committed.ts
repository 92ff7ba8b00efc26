import {type clientGroups, usableConnections} from '../../derive/connections.js'
import {isOnServer, type PoolCapacity, poolCapacity, poolerName} from '../../derive/pooler.js'
import {defineRule, type Evidence, type FixRequest} from '../../rule.js'

export default defineRule({
  id: 'pooler/over-committed',
  title: 'The pools promise more connections than the server has',
  category: 'pooler',
  asksFor: 'pooler',
  needs: ['poolers', 'settings'],
  uses: ['activity'],
  settings: ['max_connections', 'superuser_reserved_connections'],
  options: {
    warnAt: {default: 90, unit: 'percent', help: 'medium when full pools take this share of the usable connections'},
    poolShare: {default: 70, unit: 'percent', help: 'what the pools get of the usable connections in the fix'},
    reserveShare: {default: 10, unit: 'percent', help: 'what their reserve gets'},
  },
  severity: {
    high: 'full pools, with those who connect directly, need more connections than are usable: the server refuses some',
    medium: 'full pools leave less than the rest above warnAt for jobs, admin and monitoring',
  },
  why:
    'A pooler only helps when all its pools together fit into max_connections: full pools that do not fit turn a ' +
    'queue into errors. Each pair of database and user has a pool of its own, and each process its own pools.',
  references: ['https://www.pgbouncer.org/config.html#default_pool_size'],
  check({poolers, settings, activity}, options, context) {
    const {usable, maxConnections, reserved} = usableConnections(settings)
    const capacity = poolCapacity(poolers, isOnServer(poolers, activity), context.poolerProcesses)
    const pooled = new Set(poolers.flatMap(({servers}) => servers.map(({remotePid}) => remotePid)))
    const direct = activity.ok ? countDirect(activity.data, pooled) : 0
    const wanted = capacity.connections + direct
    const share = (wanted / usable) * 100
    const against = `${wanted} of ${usable} usable connections`
    if (share < options.warnAt) return {summary: `full pools and direct clients take ${against}`, findings: []}
    const evidence: Evidence[] = [
      {
        label: 'server connections of full pools',
        value: capacity.connections,
        source: `pgbouncer: ${capacity.formula}`,
      },
      {label: 'usable connections', value: usable, source: `max_connections ${maxConnections} - ${reserved} reserved`},
      {label: 'clients that connect directly', value: direct, source: 'pg_stat_activity without the pools'},
    ]
    const isOver = wanted > usable
    return {
      summary: `full pools and direct clients want ${against}`,
      findings: [
        {
          severity: isOver ? 'high' : 'medium',
          subject: poolers.map(poolerName).join(', '),
          title: isOver
            ? `Full pools need ${wanted} connections, the server has ${usable}: over-committed`
            : `Full pools take ${Math.round(share)} % of the usable connections`,
          detail:
            'This shows when every pool is full, at peak load: then the server refuses what does not fit, and the ' +
            'pooler hands that on as an error. Whether it has happened is not told by these numbers.',
          evidence,
          confidence: 'estimated',
          fixes: fixes(capacity, usable - direct, options),
        },
      ],
    }
  },
})

function countDirect(activity: Parameters<typeof clientGroups>[0], pooled: Set<number>): number {
  return activity.sessions.filter(({pid, backendType}) => backendType === 'client backend' && !pooled.has(pid)).length
}

type Shares = {poolShare: number; reserveShare: number}

/** Every pool the same: what was measured of their load is for `ahsp-db capacity` to weigh. */
function fixes({pools, processes}: PoolCapacity, free: number, {poolShare, reserveShare}: Shares): FixRequest[] {
  const count = Math.max(1, pools.length * (pools[0] ? processes / new Set(pools.map(({pooler}) => pooler)).size : 1))
  const size = Math.max(1, Math.floor((free * poolShare) / 100 / count))
  const reserve = Math.floor((free * reserveShare) / 100 / count)
  const note = "or raise max_connections instead, when the server's memory and processors allow: ahsp-db capacity"
  return [...new Set(pools.map(({pooler}) => pooler))].flatMap((pooler): FixRequest[] => [
    {kind: 'pooler', pooler, name: 'default_pool_size', to: `${size}`, risk: 'review', note},
    {kind: 'pooler', pooler, name: 'reserve_pool_size', to: `${reserve}`, risk: 'review'},
  ])
}
