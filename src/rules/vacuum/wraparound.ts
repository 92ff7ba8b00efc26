import {settingNumber} from '../../derive/settings.js'
import {relationName} from '../../derive/vacuum.js'
import {
  ageOf,
  COUNTERS,
  type Counter,
  describe,
  freeze,
  inDatabase,
  type Judge,
  judgeOf,
  NAMES,
  numbers,
  stopsIn,
  triggerOf,
} from '../../derive/wraparound.js'
import {defineRule, type FindingDraft} from '../../rule.js'
import type {Database, Setting, VacuumRelation, Window} from '../../snapshot.js'
import {quoteIdent} from '../../sql/quote.js'
import {number, timeLeftText} from '../../units.js'

export default defineRule({
  id: 'vacuum/wraparound',
  title: 'Old rows are not frozen: the server runs towards a stop',
  category: 'vacuum',
  needs: ['server', 'settings', 'databases', 'vacuum'],
  settings: ['autovacuum_freeze_max_age', 'autovacuum_multixact_freeze_max_age'],
  options: {
    warnFactor: {
      default: 2,
      unit: 'ratio',
      help: 'high from this age on, in units of the age at which autovacuum comes',
    },
    criticalFactor: {
      default: 4,
      unit: 'ratio',
      help: 'critical from this on, or from vacuum_failsafe_age, or near the end',
    },
  },
  severity: {
    critical:
      'criticalFactor times the trigger, vacuum_failsafe_age, or 2 billion: before the end only manual work helps',
    high: 'warnFactor times the age at which autovacuum must come: it has failed for that long',
  },
  why:
    'Transaction ids are reused after two billion; vacuum must mark all older rows as frozen before. ' +
    'When it cannot, the server refuses every write until somebody has vacuumed by hand.',
  references: ['https://www.postgresql.org/docs/current/routine-vacuuming.html#VACUUM-FOR-WRAPAROUND'],
  peers: ['PD', 'PB', 'CP', 'CA'],
  check({server, settings, databases, vacuum}, options, _context, window) {
    if (databases.some(({frozenXidAge}) => frozenXidAge === undefined)) {
      return {cannotJudge: 'the snapshot was taken by an older ahsp-db'}
    }
    const factors = {warn: options.warnFactor, critical: options.criticalFactor}
    const [oldest] = [...databases].sort((a, b) => b.frozenXidAge - a.frozenXidAge)
    const trigger = settingNumber(settings, NAMES.xid.trigger)
    return {
      summary: oldest
        ? `oldest transaction: ${number(oldest.frozenXidAge)} back, in database ${quoteIdent(oldest.name)}; autovacuum comes at ${number(trigger)}`
        : 'no database',
      findings: COUNTERS.flatMap(counter => {
        const judge = judgeOf(counter, settings, factors)
        const tables = vacuum.relations
          .filter(relation => judge(ageOf(relation, counter), triggerOf(relation, counter)))
          .sort((a, b) => ageOf(b, counter) - ageOf(a, counter))
        const old = databases.flatMap(database =>
          databaseFinding(database, counter, settings, judge, {
            tables: database.name === server.database ? tables : [],
            window,
            now: server.now,
          }),
        )
        // A table that makes its whole database old is named there.
        const isTold = old.some(({subject}) => subject.startsWith(`database ${quoteIdent(server.database)}`))
        return isTold ? old : [...old, ...tableFindings(tables, counter, judge)]
      }),
    }
  },
})

type Around = {tables: VacuumRelation[]; window: Window | null | undefined; now: number}
function databaseFinding(
  database: Database,
  counter: Counter,
  settings: Setting[],
  judge: Judge,
  {tables, window, now}: Around,
): FindingDraft[] {
  const age = ageOf(database, counter)
  const trigger = settingNumber(settings, NAMES[counter].trigger)
  const severity = judge(age, trigger)
  const before = window?.before.databases.find(({name}) => name === database.name)
  if (!severity) return []
  const left = stopsIn(age, before && ageOf(before, counter), window, now)
  return [
    {
      severity,
      ...describe(`database ${quoteIdent(database.name)}`, counter, age, trigger),
      evidence: [
        ...numbers(counter, age, trigger, NAMES[counter].source),
        ...(left ? [{label: 'writes stop', value: timeLeftText(left), source: 'the rate of this window'}] : []),
      ],
      fixes: tables.length > 0 ? [freeze(tables)] : [inDatabase(database)],
    },
  ]
}

function tableFindings(tables: VacuumRelation[], counter: Counter, judge: Judge): FindingDraft[] {
  const single = tables.map(relation => {
    const [age, trigger] = [ageOf(relation, counter), triggerOf(relation, counter)]
    return {
      severity: judge(age, trigger)!,
      ...describe(relationName(relation), counter, age, trigger),
      evidence: numbers(counter, age, trigger, 'pg_class, reloptions'),
      fixes: [freeze([relation])],
    }
  })
  return single
}
