import type {Evidence, FixRequest, Severity} from '../rule.js'
import type {Database, Setting, VacuumRelation, Window} from '../snapshot.js'
import {quoteIdent} from '../sql/quote.js'
import {number} from '../units.js'
import {settingNumber} from './settings.js'
import {timeLeft} from './time-to-failure.js'
import {vacuumFix} from './vacuum.js'

/** More tables than this are a list, not something to type. */
const SHOWN = 10

/** Ids left behind the newest one at which the server takes no more commands that write. */
export const STOP_AGE = 2 ** 31 - 3_000_000

/** Beyond this, whatever the settings say, it is a matter of hours on a busy server. */
const NEAR_STOP = 2_000_000_000

/** vacuum_failsafe_age and vacuum_multixact_failsafe_age, where they do not exist yet. */
const DEFAULT_FAILSAFE = 1_600_000_000

export type Counter = 'xid' | 'multixact'
export const COUNTERS: readonly Counter[] = ['xid', 'multixact']

/** What the kinds of ids are called in settings, statistics and texts. */
export const NAMES = {
  xid: {
    text: 'transactions',
    trigger: 'autovacuum_freeze_max_age',
    failsafe: 'vacuum_failsafe_age',
    source: 'age(datfrozenxid)',
  },
  multixact: {
    text: 'multixacts',
    trigger: 'autovacuum_multixact_freeze_max_age',
    failsafe: 'vacuum_multixact_failsafe_age',
    source: 'mxid_age(datminmxid)',
  },
} as const

export type Limits = {warn: number; critical: number}

/** Ages from which on autovacuum has evidently failed; `trigger` is where it should have come. */
export function limits(
  counter: Counter,
  trigger: number,
  settings: readonly Setting[],
  factors: {warn: number; critical: number},
): Limits {
  const {failsafe: name, trigger: triggerName} = NAMES[counter]
  const own = settings.find(each => each.name === name)
  // The server lifts a failsafe age that is below 105 % of the trigger.
  const failsafe = Math.max(own ? Number(own.value) : DEFAULT_FAILSAFE, 1.05 * settingNumber(settings, triggerName))
  const critical = Math.min(factors.critical * trigger, failsafe, NEAR_STOP)
  return {warn: Math.min(factors.warn * trigger, critical), critical}
}

/** When the server stops, at the rate of a watched window; null: nothing tells the rate. */
export function stopsIn(age: number, before: number | undefined, window: Window | null | undefined, now: number) {
  if (!window || before === undefined) return null
  return timeLeft({used: age, limit: STOP_AGE, ratePerSecond: (age - before) / window.seconds, now})
}

export const ageOf = (each: Database | VacuumRelation, counter: Counter) =>
  counter === 'xid' ? each.frozenXidAge : each.multixactAge

export const triggerOf = (relation: VacuumRelation, counter: Counter) =>
  counter === 'xid' ? relation.freezeMaxAge : relation.multixactFreezeMaxAge

export type Judge = (age: number, trigger: number) => Severity | null

/** How bad an age is for something at which autovacuum comes from `trigger` on; null: not at all. */
export const judgeOf =
  (counter: Counter, settings: readonly Setting[], factors: {warn: number; critical: number}): Judge =>
  (age, trigger) => {
    const {warn, critical} = limits(counter, trigger, settings, factors)
    return age >= critical ? 'critical' : age >= warn ? 'high' : null
  }

/** Title and text of a finding about a database or a table. */
export const describe = (subject: string, counter: Counter, age: number, trigger: number) => ({
  subject: counter === 'xid' ? subject : `${subject} (multixacts)`,
  title: `The oldest ${NAMES[counter].text} of ${subject} are ${number(age)} back, ${number(age / trigger)} times the trigger`,
  detail:
    'Autovacuum should have frozen them long ago. It is too slow, is cancelled, or something holds the horizon back ' +
    '(vacuum/horizon-holders): then no vacuum helps until that is gone.',
  confidence: 'measured' as const,
})

export const numbers = (counter: Counter, age: number, trigger: number, source: string): Evidence[] => [
  {label: 'age', value: age, unit: 'count', source},
  {label: 'autovacuum must come at', value: trigger, unit: 'count', source: NAMES[counter].trigger},
  {label: 'left until writes stop', value: Math.max(0, STOP_AGE - age), unit: 'count', source: '2^31 less 3 million'},
]

export const freeze = (relations: VacuumRelation[]): FixRequest =>
  vacuumFix(
    'VACUUM (FREEZE)',
    relations.slice(0, SHOWN),
    relations.length > SHOWN ? `Freeze the ${SHOWN} oldest tables, then look again` : 'Freeze the oldest tables',
    'End what holds the horizon back first. It reads and writes the whole table: oldest and smallest first.',
  )

export function inDatabase({name, allowConnections}: Database): FixRequest {
  const steps = allowConnections
    ? [
        {
          text: 'Connect to that database and see which tables are old',
          lines: [`ahsp-db check --only vacuum/wraparound   # in database ${quoteIdent(name)}`],
        },
        'Run VACUUM (FREEZE) there as its owner',
      ]
    : ['Nobody can connect to it: ALTER DATABASE ... ALLOW_CONNECTIONS true, VACUUM (FREEZE) there, then false again']
  return {kind: 'action', title: `Freeze the tables of database ${quoteIdent(name)}`, steps}
}
