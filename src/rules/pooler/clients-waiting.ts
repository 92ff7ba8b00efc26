import {poolName, shellPath} from '../../derive/pool-lines.js'
import {type Growth, growthFixes, growthOf, type Queue, queuesOf} from '../../derive/pool-queue.js'
import {poolerNumber, poolerSetting} from '../../derive/pooler.js'
import {defineRule, type Evidence, type FindingDraft, type FixRequest} from '../../rule.js'
import {seconds} from '../../units.js'

export default defineRule({
  id: 'pooler/clients-waiting',
  title: 'Clients wait for a server connection',
  category: 'pooler',
  asksFor: 'pooler',
  needs: ['poolers'],
  uses: ['activity', 'settings'],
  options: {
    wait: {default: 1, unit: 'seconds', help: 'high when a client has waited this long'},
    lasting: {default: 0.5, unit: 'seconds', help: 'high when each look during this time saw somebody wait'},
    criticalWait: {default: 10, unit: 'seconds', help: 'critical when a client has waited this long'},
  },
  severity: {
    critical: 'a client has waited for criticalWait, or half of query_wait_timeout: clients get errors next',
    high: 'clients waited in all looks during lasting, or one for wait: every request pays for it',
  },
  why:
    'A client that waits for a server connection does nothing, and its user neither. More connections are the cure ' +
    'only while the processors have room; otherwise the queue just moves into the database.',
  references: ['https://www.pgbouncer.org/usage.html#show-pools'],
  check({poolers, activity, settings}, options, context) {
    const queues = poolers.flatMap(queuesOf)
    const bad = queues.filter(({longest, lasted}) => longest >= options.wait || lasted >= options.lasting)
    const looks = Math.min(...poolers.map(({samples}) => samples.length))
    const worst = queues[0]
    return {
      summary: worst
        ? `up to ${worst.clients} waiting at once, at most ${seconds(worst.longest)} (${looks} looks)`
        : `nobody waited for a server connection (${looks} looks)`,
      findings: bad.map(queue => {
        const {pooler} = queue.limit
        const timeout = poolerNumber(pooler, 'query_wait_timeout') || Infinity
        const isCritical = queue.longest >= Math.min(options.criticalWait, timeout / 2)
        const growth = growthOf(queue.limit, queue.limit.poolSize + queue.clients, {
          poolers,
          activity,
          settings,
          context,
        })
        return finding(queue, isCritical, growth, growthFixes(growth, activity))
      }),
    }
  },
})

function finding(queue: Queue, isCritical: boolean, growth: Growth, work: FixRequest[]): FindingDraft {
  const {limit, pool, clients, longest, isFull} = queue
  const waits = longest > 0 ? `, for up to ${seconds(longest)}` : ''
  return {
    severity: isCritical ? 'critical' : 'high',
    subject: poolName(limit.pooler, pool),
    title: `${clients} ${clients === 1 ? 'client waits' : 'clients wait'} for a server connection${waits}`,
    detail: isFull
      ? `The pool is full: ${pool.serversActive} of its server connections are held by other clients. ` +
        `${growth.because.charAt(0).toUpperCase()}${growth.because.slice(1)}.`
      : `The pool is not full: PgBouncer may open ${limit.poolSize} server connections and has fewer. Either the ` +
        'server refuses them, or they are still being opened; its log tells which.',
    evidence: evidence(queue),
    confidence: 'measured',
    fixes: isFull ? work : [refused(queue)],
  }
}

const SOURCE = 'SHOW POOLS'

const evidence = ({limit, pool, clients, longest}: Queue): Evidence[] => [
  {label: 'clients waiting', value: clients, source: SOURCE},
  {label: 'longest wait', value: longest, unit: 'seconds', source: SOURCE},
  {label: 'server connections in use', value: pool.serversActive, source: SOURCE},
  {label: 'being opened', value: pool.serversLogin, source: SOURCE},
  {label: 'pool size', value: limit.poolSize, source: 'SHOW DATABASES'},
]

/** Larger pools do not help who gets none. */
function refused({limit}: Queue): FixRequest {
  const log = poolerSetting(limit.pooler, 'logfile')
  const line = log
    ? `grep -iE 'login failed|too many|connect failed' ${shellPath(log)}`
    : 'journalctl -u pgbouncer -n 100'
  return {
    kind: 'action',
    title: 'Find out why PgBouncer does not get its server connections',
    note: 'a larger pool would not help',
    steps: [
      {text: "Read PgBouncer's log", lines: [line], language: 'sh'},
      'Refused (too many connections): pooler/role-limit and pooler/over-committed name the limit',
      'Not refused, only slow when load begins: pooler/min-pool-size keeps connections open',
    ],
  }
}
