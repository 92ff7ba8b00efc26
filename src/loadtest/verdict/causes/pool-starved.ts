import {number} from '../../../units.js'
import {ACTIVE_PER_CORE} from '../../limits.js'
import {pooledRates} from '../../rates.js'
import {type Cause, explainedBy} from '../cause.js'
import {waitingIn} from '../database-share.js'
import {within} from '../facts.js'

/** Share of the looks at which somebody waited: once is chance. */
const WAITING_PERCENT = 20

export default {
  id: 'POOL_STARVED',
  title: 'Clients waited for a connection of the pool while the server had room',
  rules: ['pooler/clients-waiting', 'pooler/wait-time', 'pooler/reserve-pool', 'pooler/role-limit'],
  check(given) {
    const {run, steady, sessions, cores} = given.facts
    const pools = within(run.pools, steady)
    const failed = explainedBy(given, 'POOL_STARVED')
    if (pools.length === 0 && failed === 0) return {cannotJudge: 'no PgBouncer was watched (--pgbouncer CONNINFO)'}
    const waiting = pools.map(waitingIn)
    const percent = (waiting.filter(count => count > 0).length / Math.max(1, pools.length)) * 100
    const active = sessions ? sessions.active / sessions.looks : null
    const hasRoom = cores === null || active === null ? null : active < ACTIVE_PER_CORE * cores
    const isHeldIdle = sessions !== null && sessions.idleInTransaction > sessions.active
    const most = Math.max(0, ...waiting)
    const longest = Math.max(0, ...pools.flatMap(sample => sample.pools.map(({maxWait}) => maxWait)))
    const room =
      hasRoom === null
        ? 'whether the server had room is not known (--cpus N)'
        : `${number(active!)} sessions were active on ${cores} cores`
    const waitMs = pooledRates(pools)?.waitMs ?? null
    return {
      reached: failed > 0 ? 1 : hasRoom === false ? 0 : percent / WAITING_PERCENT,
      fires: failed > 0 || (percent >= WAITING_PERCENT && hasRoom !== false),
      isMaterial: true,
      summary: `somebody waited at ${number(Math.round(percent))} % of the looks, up to ${most} clients; ${room}`,
      confidence: hasRoom === null ? 'estimated' : 'measured',
      evidence: [
        {label: 'looks at which clients waited', value: percent, unit: 'percent', source: 'SHOW POOLS'},
        {label: 'clients waiting at the same time', value: most, unit: 'count', source: 'SHOW POOLS'},
        {label: 'longest wait', value: longest, unit: 'seconds', source: 'SHOW POOLS, maxwait'},
        ...(waitMs === null
          ? []
          : [{label: 'wait per transaction', value: waitMs, unit: 'milliseconds' as const, source: 'SHOW STATS'}]),
      ],
      look: [isHeldIdle ? SHORTEN : ENLARGE],
    }
  },
} satisfies Cause as Cause

const SHORTEN =
  'Most connections in use sat idle in a transaction: shorten the transactions, a larger pool would be held as well.'
const ENLARGE = 'A larger pool, as long as the processors have room; or shorter queries, which hold it for less time.'
