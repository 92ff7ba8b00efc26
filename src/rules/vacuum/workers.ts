import {isOn, settingMs, settingNumber} from '../../derive/settings.js'
import {onPrimary, relationName, waiting} from '../../derive/vacuum.js'
import {costLimit, dirtyRate} from '../../derive/vacuum-cost.js'
import {defineRule, type FindingDraft, type FixRequest} from '../../rule.js'
import type {Setting} from '../../snapshot.js'
import {bytes, number, seconds} from '../../units.js'

/** PostgreSQL's own default since 12. */
const DEFAULT_DELAY_MS = 2

export default defineRule({
  id: 'vacuum/workers',
  title: 'Autovacuum has too few workers, or they are slowed down too much',
  category: 'vacuum',
  needs: ['server', 'settings', 'vacuum'],
  uses: ['activity'],
  settings: [
    'autovacuum',
    'autovacuum_max_workers',
    'autovacuum_vacuum_cost_delay',
    'autovacuum_vacuum_cost_limit',
    'vacuum_cost_limit',
    'vacuum_cost_page_dirty',
  ],
  options: {
    overdue: {default: 3600, unit: 'seconds', help: 'a table that has been due for less is simply next'},
    minWaiting: {default: 5, unit: 'count', help: 'so many overdue tables and no free worker: too few workers'},
    minRate: {default: 8 * 1024 ** 2, unit: 'bytes', help: 'per second that all workers together may dirty'},
  },
  severity: {
    medium: 'tables are overdue while every worker is busy, or while the cost limit makes the workers sleep',
  },
  why:
    'All autovacuum workers together may do no more work than the cost limit allows, and each takes one table. ' +
    'With few or slow workers one large table keeps them from all the others, which grow meanwhile.',
  references: ['https://www.postgresql.org/docs/current/runtime-config-autovacuum.html'],
  peers: ['PD', 'PC', 'PB'],
  check({server, settings, vacuum, activity}, options) {
    if (server.inRecovery) return onPrimary('vacuum/workers')
    if (!isOn(settings, 'autovacuum')) {
      return {cannotJudge: 'autovacuum is off', cure: 'ahsp-db explain vacuum/disabled'}
    }
    const late = waiting(vacuum, server).filter(({overdue}) => overdue >= options.overdue)
    const rate = dirtyRate(settings)
    const speed = Number.isFinite(rate) ? `may dirty ${bytes(rate)} per second` : 'are not slowed down'
    const workers = settingNumber(settings, 'autovacuum_max_workers')
    const summary = `${workers} workers ${speed}; ${late.length} tables have waited for ${seconds(options.overdue)}`
    if (late.length === 0) return {summary, findings: []}
    const names = late.slice(0, 3).map(({relation}) => relationName(relation))
    const slow = rate < options.minRate ? [slowed(settings, rate, options.minRate, names, late.length)] : []
    if (late.length < options.minWaiting) return {summary, findings: slow}
    if (!activity.ok) {
      const cure = activity.grant ? {cure: activity.grant} : {}
      return slow.length ? {summary, findings: slow} : {cannotJudge: `who works is hidden; ${summary}`, ...cure}
    }
    const busy = activity.data.sessions.filter(({backendType}) => backendType === 'autovacuum worker').length
    const few = busy >= workers ? [tooFew(workers, names, late.length)] : []
    return {summary, findings: [...few, ...slow]}
  },
})

function slowed(
  settings: readonly Setting[],
  rate: number,
  wanted: number,
  names: string[],
  late: number,
): FindingDraft {
  const delay = settingMs(settings, 'autovacuum_vacuum_cost_delay')
  const limit = costLimit(settings)
  const isDelay = delay > DEFAULT_DELAY_MS
  const faster = isDelay ? rate * (delay / DEFAULT_DELAY_MS) : rate
  const fixes: FixRequest[] = []
  if (isDelay) fixes.push({kind: 'setting', name: 'autovacuum_vacuum_cost_delay', to: `${DEFAULT_DELAY_MS}ms`})
  if (faster < wanted) {
    const to = Math.min(10_000, Math.max(200, Math.ceil((limit * wanted) / faster)))
    fixes.push({kind: 'setting', name: 'autovacuum_vacuum_cost_limit', to: `${to}`})
  }
  return {
    severity: 'medium',
    subject: isDelay ? 'autovacuum_vacuum_cost_delay' : 'autovacuum_vacuum_cost_limit',
    title: `Autovacuum may dirty only ${bytes(rate)} per second, and ${late} tables are overdue`,
    detail:
      `Overdue: ${names.join(', ')}${late > names.length ? ' and others' : ''}. Its workers sleep most of the time. ` +
      'That they wait for the disk, or for locks, cannot be excluded from here.',
    evidence: [
      {label: 'autovacuum_vacuum_cost_delay', value: delay, unit: 'milliseconds', source: 'pg_settings'},
      {
        label: 'cost limit',
        value: limit,
        unit: 'count',
        source: 'autovacuum_vacuum_cost_limit or vacuum_cost_limit',
      },
      {label: 'may dirty per second', value: rate, unit: 'bytes', source: 'limit / vacuum_cost_page_dirty / delay'},
      {label: 'overdue tables', value: late, unit: 'count', source: 'pg_stat_all_tables'},
    ],
    confidence: 'estimated',
    fixes,
  }
}

function tooFew(workers: number, names: string[], late: number): FindingDraft {
  const note = 'They share one cost limit: more workers serve more tables at once, none of them faster.'
  return {
    severity: 'medium',
    subject: 'autovacuum_max_workers',
    title: `All ${workers} autovacuum workers are busy, and ${number(late)} tables are overdue`,
    detail: `Overdue: ${names.join(', ')}${late > names.length ? ' and others' : ''}. This is one look; look again in an hour.`,
    evidence: [
      {label: 'workers at work', value: workers, unit: 'count', source: 'pg_stat_activity'},
      {label: 'overdue tables', value: late, unit: 'count', source: 'pg_stat_all_tables'},
    ],
    confidence: 'measured',
    fixes: [{kind: 'setting', name: 'autovacuum_max_workers', to: `${Math.min(workers + 3, workers * 3)}`, note}],
  }
}
