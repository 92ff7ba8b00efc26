import {poolerName, poolerNumber} from '../../derive/pooler.js'
import {fromConfig, judgeNumber, remoteHostsOf} from '../../derive/pooler-settings.js'
import {defineRule, type FindingDraft, type FixRequest} from '../../rule.js'
import type {Pooler} from '../../snapshot.js'
import {seconds} from '../../units.js'

export default defineRule({
  id: 'pooler/server-idle-timeout',
  title: 'Idle server connections outlive their use, or the firewall',
  category: 'pooler',
  asksFor: 'pooler',
  needs: ['poolers'],
  options: {
    firewall: {
      default: 0,
      unit: 'seconds',
      help: 'a firewall on the way drops connections idle for this long; 0: none',
    },
    target: {default: 600, unit: 'seconds', help: 'what the fix sets, unless the firewall asks for less'},
  },
  severity: {
    medium: 'the firewall drops a connection before PgBouncer does: the next transaction hangs or fails on a dead one',
    low: '0: what a peak has opened stays open for as long as server_lifetime allows',
  },
  why:
    'A firewall forgets connections over which nothing went for a while, and tells neither end. The next user of such ' +
    'a connection waits for an answer that cannot come.',
  references: [
    'https://www.pgbouncer.org/config.html#server_idle_timeout',
    'https://www.pgbouncer.org/config.html#tcp_keepidle',
  ],
  check({poolers}, options) {
    return judgeNumber(poolers, 'server_idle_timeout', (value, pooler) => judge(value, pooler, options))
  },
})

type Options = {firewall: number; target: number}

function judge(value: number, pooler: Pooler, {firewall, target}: Options): FindingDraft | null {
  const remote = pooler.databases.flatMap(remoteHostsOf)
  const isCut =
    firewall > 0 && remote.length > 0 && (value === 0 || value >= firewall) && !isKeptAlive(pooler, firewall)
  if (!isCut && value > 0) return null
  const to = isCut ? Math.min(target, Math.max(1, Math.floor(firewall * 0.8))) : target
  return {
    severity: isCut ? 'medium' : 'low',
    subject: poolerName(pooler),
    title: isCut
      ? `Idle server connections stay ${value === 0 ? 'open' : `for ${seconds(value)}`}, the firewall drops them after ${seconds(firewall)}`
      : 'Idle server connections are never closed for being idle (server_idle_timeout = 0)',
    detail: isCut
      ? `The way to ${remote.slice(0, 3).join(', ')} is said to have a firewall. That a connection was lost is not seen from here.`
      : 'They go when server_lifetime is over. Until then they keep backends, and memory, that nobody uses.',
    evidence: [
      fromConfig(pooler, 'server_idle_timeout', 'seconds'),
      fromConfig(pooler, 'tcp_keepidle', 'seconds'),
      ...(isCut
        ? [{label: 'the firewall drops after', value: firewall, unit: 'seconds' as const, source: 'option firewall'}]
        : []),
    ],
    confidence: isCut ? 'estimated' : 'measured',
    fixes: [
      {kind: 'pooler', pooler, name: 'server_idle_timeout', to: String(to)},
      ...(isCut ? keepAlive(pooler, firewall) : []),
    ],
  }
}

/** 0 is the kernel's own, two hours on Linux. */
function isKeptAlive(pooler: Pooler, firewall: number): boolean {
  const idle = poolerNumber(pooler, 'tcp_keepidle') ?? 0
  return poolerNumber(pooler, 'tcp_keepalive') !== 0 && idle > 0 && idle < firewall
}

function keepAlive(pooler: Pooler, firewall: number): FixRequest[] {
  const to = String(Math.max(1, Math.min(60, Math.floor(firewall / 2))))
  const note = 'Keepalives also keep the connections of waiting transactions, which no timeout closes.'
  return [{kind: 'pooler', pooler, name: 'tcp_keepidle', to, note, reconnect: true}]
}
