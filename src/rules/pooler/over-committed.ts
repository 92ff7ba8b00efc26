import {bypassing} from '../../derive/bypass.js'
import {maxConnectionsFor, type Usable, usableConnections} from '../../derive/connections.js'
import {COMMITTED_PERCENT, POOL_PERCENT, RESERVE_PERCENT} from '../../derive/pool-budget.js'
import {countDirect, type Shares, shrinkTo} from '../../derive/pool-fit.js'
import {useThePooler} from '../../derive/pooled-demand.js'
import {isOnServer, type PoolCapacity, poolCapacity, poolerName} from '../../derive/pooler.js'
import {defineRule, type Evidence, type FixRequest} from '../../rule.js'
import type {Pooler} from '../../snapshot.js'

export default defineRule({
  id: 'pooler/over-committed',
  title: 'The pools promise more connections than the server has',
  category: 'pooler',
  asksFor: 'pooler',
  needs: ['poolers', 'settings'],
  uses: ['activity', 'roles'],
  settings: ['max_connections', 'superuser_reserved_connections'],
  options: {
    warnAt: {
      default: COMMITTED_PERCENT,
      unit: 'percent',
      help: 'medium when full pools take this share of the usable connections',
    },
    poolShare: {
      default: POOL_PERCENT,
      unit: 'percent',
      help: 'what the pools get of the usable connections in the fix',
    },
    reserveShare: {default: RESERVE_PERCENT, unit: 'percent', help: 'what their reserve gets'},
  },
  severity: {
    high: 'full pools, with those who connect directly, need more connections than are usable: the server refuses some',
    medium: 'full pools leave less than the rest above warnAt for jobs, admin and monitoring',
  },
  why:
    'A pooler only helps when all its pools together fit into max_connections: full pools that do not fit turn a ' +
    'queue into errors. Each pair of database and user has a pool of its own, and each process its own pools.',
  references: ['https://www.pgbouncer.org/config.html#default_pool_size'],
  check({poolers, settings, activity, roles}, options, context) {
    const budget = usableConnections(settings)
    const {usable, maxConnections, reserved} = budget
    const capacity = poolCapacity(poolers, isOnServer(poolers, activity), context.poolerProcesses)
    const direct = activity.ok ? countDirect(poolers, activity.data, context.poolerProcesses) : null
    const wanted = capacity.connections + (direct ?? 0)
    const share = (wanted / usable) * 100
    const who = direct === null ? 'full pools' : 'full pools and direct clients'
    const against = `${wanted} of ${usable} usable connections`
    if (share < options.warnAt) return {summary: `${who} take ${against}`, findings: []}
    const isOver = wanted > usable
    const cap = {value: capacity.connections, source: `pgbouncer: ${capacity.formula}`}
    const evidence: Evidence[] = [
      {label: 'server connections of full pools', ...cap},
      {label: 'usable connections', value: usable, source: `max_connections ${maxConnections} - ${reserved} reserved`},
      ...(direct === null
        ? []
        : [{label: 'clients that connect directly', value: direct, source: 'pg_stat_activity without the pools'}]),
    ]
    return {
      summary: `${who} want ${against}`,
      findings: [
        {
          severity: isOver ? 'high' : 'medium',
          subject: poolers.map(poolerName).join(', '),
          title: isOver
            ? `Full pools need ${wanted} connections, the server has ${usable}: over-committed`
            : `Full pools take ${Math.round(share)} % of the usable connections`,
          detail:
            'This shows when every pool is full, at peak load: then the server refuses what does not fit, and the ' +
            'pooler hands that on as an error. Whether it has happened is not told by these numbers.' +
            (direct === null ? ' Clients that connect directly are hidden here, and come on top.' : ''),
          evidence,
          confidence: 'estimated',
          fixes: fitsThrough(wanted - bypassing(poolers, activity, roles), budget, options)
            ? [bringThrough(poolers)]
            : fixes(capacity, budget, direct ?? 0, options),
        },
      ],
    }
  },
})

/** Pools that are large enough for the application, which connects past them: neither needs another size. */
const fitsThrough = (connections: number, {usable}: Usable, {warnAt}: {warnAt: number}) =>
  (connections / usable) * 100 < warnAt

const bringThrough = (poolers: Pooler[]): FixRequest => ({
  kind: 'action',
  title: 'Bring the application through the pooler',
  risk: 'review',
  steps: [useThePooler(poolers.map(poolerName).join(', '))],
  note: 'Pools and direct clients then do not add up any more, and everything fits.',
})

/** In proportion: what was measured of the pools' load is for `ahsp-db capacity` to weigh. */
function fixes(
  capacity: PoolCapacity,
  {usable, reserved}: Usable,
  direct: number,
  options: Shares & {warnAt: number},
): FixRequest[] {
  const share = ((usable - direct) * (options.poolShare + options.reserveShare)) / 100
  // After the fix it must be below the threshold, with the direct clients that there are.
  const budget = Math.min(share, Math.ceil((usable * options.warnAt) / 100) - 1 - direct)
  const lines = shrinkTo(capacity, budget, options)
  const wanted = capacity.connections + direct
  const to = maxConnectionsFor(wanted, reserved, options.warnAt)
  if (lines) return lines.map((line, at) => (at === 0 ? {...line, note: INSTEAD(to)} : line))
  const note = 'or let fewer clients connect directly, or fewer users have a pool of their own'
  return [{kind: 'setting', name: 'max_connections', to: `${to}`, risk: 'review', note}]
}

const INSTEAD = (to: number) =>
  `or raise max_connections to ${to} instead, when the server's memory and processors allow: ahsp-db capacity`
