import {setting, settingMs} from '../../derive/settings.js'
import {defineRule, type FindingDraft} from '../../rule.js'
import {milliseconds} from '../../units.js'

const LOCKS = 'log_lock_waits'
const DELAY = 'deadlock_timeout'

export default defineRule({
  id: 'observability/lock-wait-logging',
  title: 'Waits for locks are not logged',
  category: 'observability',
  needs: ['settings'],
  settings: [LOCKS, DELAY],
  options: {
    longestDelay: {default: 10_000, unit: 'milliseconds', help: 'waits shorter than deadlock_timeout are not logged'},
    delay: {default: 1000, unit: 'milliseconds', help: 'what the fix sets deadlock_timeout to; its default'},
  },
  severity: {low: 'nothing tells afterwards who waited for whom: a pile-up of locks leaves no trace'},
  why:
    'A wait for a lock is over before anybody looks. The log then still says which statement waited, for which table, and ' +
    'who held it. It costs nothing: the look is taken anyway, after deadlock_timeout.',
  references: ['https://www.postgresql.org/docs/current/runtime-config-logging.html#GUC-LOG-LOCK-WAITS'],
  peers: ['TU', 'PD'],
  check({settings}, {longestDelay, delay}) {
    const value = setting(settings, LOCKS).value
    const wait = settingMs(settings, DELAY)
    const given = settings.find(({name}) => name === 'lock_timeout')
    const limit = given ? settingMs(settings, 'lock_timeout') : 0
    const summary = `${LOCKS} = ${value}, ${DELAY} = ${milliseconds(wait)}`
    if (value !== 'on') return {summary, findings: [notLogged(wait)]}
    const endsFirst = limit > 0 && limit <= wait
    if (wait <= longestDelay && !endsFirst) return {summary, findings: []}
    const why = endsFirst
      ? `lock_timeout ends the wait after ${milliseconds(limit)}, before it is looked at.`
      : 'Shorter waits leave no trace, and a deadlock holds its sessions that long.'
    return {summary, findings: [tooLate(wait, why, Math.min(delay, endsFirst ? Math.max(10, limit / 2) : delay))]}
  },
})

const notLogged = (wait: number): FindingDraft => ({
  severity: 'low',
  subject: LOCKS,
  title: 'Waits for locks are not logged',
  detail: `With it, every wait longer than deadlock_timeout (${milliseconds(wait)}) leaves a line: who waited, who held.`,
  evidence: [{label: LOCKS, value: 'off', source: 'pg_settings'}],
  confidence: 'measured',
  fixes: [{kind: 'setting', name: LOCKS, to: 'on'}],
})

const tooLate = (wait: number, why: string, to: number): FindingDraft => ({
  severity: 'low',
  subject: DELAY,
  title: `Waits for locks are logged only after ${milliseconds(wait)}`,
  detail: why,
  evidence: [{label: DELAY, value: wait, unit: 'milliseconds', source: 'pg_settings'}],
  confidence: 'measured',
  fixes: [
    {
      kind: 'setting',
      name: DELAY,
      to: `${Math.round(to)}ms`,
      note: 'Each wait that long costs one search for deadlocks: keep it well above your usual waits.',
    },
  ],
})
