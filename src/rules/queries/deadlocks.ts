import {type Counted, countedSoFar, countedWhileWatching} from '../../derive/database-counters.js'
import {defineRule, type FindingDraft, type FixRequest} from '../../rule.js'
import {quoteIdent} from '../../sql/quote.js'
import {number, seconds} from '../../units.js'

const DAY = 86_400

export default defineRule({
  id: 'queries/deadlocks',
  title: 'Deadlocks',
  category: 'queries',
  needs: ['server', 'databases'],
  uses: ['checkpoints'],
  options: {
    warnAt: {
      default: 1,
      unit: 'count',
      help: 'medium from this many a day on; statistics of less than a day count as one',
    },
    highAt: {default: 24, unit: 'count', help: 'high from this many a day on: one each hour'},
    minCount: {default: 2, unit: 'count', help: 'one may have been an accident'},
  },
  severity: {
    high: 'highAt a day or more: each ends a transaction with an error that a user sees',
    medium: 'warnAt a day or more',
  },
  why:
    'Two transactions that lock the same rows in different order wait for each other for ever. PostgreSQL notices ' +
    'after deadlock_timeout and ends one of them with an error; until then both, and all behind them, stand still.',
  references: ['https://www.postgresql.org/docs/current/explicit-locking.html#LOCKING-DEADLOCKS'],
  peers: ['PB', 'PC'],
  check({server, databases, checkpoints}, options, _context, window) {
    const readings = databases
      .map(database => ({
        name: database.name,
        counted: countedSoFar(database, server, checkpoints),
        watched: countedWhileWatching(database, window),
      }))
      .sort((a, b) => perDay(b.counted) - perDay(a.counted))
    const all = readings.reduce((sum, {counted}) => sum + counted.deadlocks, 0)
    return {
      summary: `${number(all)} deadlocks in ${seconds(Math.max(0, ...readings.map(({counted}) => counted.seconds)))}`,
      findings: readings
        .filter(({counted}) => counted.deadlocks >= options.minCount && perDay(counted) >= options.warnAt)
        .map(({name, counted, watched}) => draft(name, counted, watched, options.highAt)),
    }
  },
})

/** In less than a day there is no rate yet: an hour with one deadlock is not a day with 24. */
const perDay = ({deadlocks, seconds: time}: Counted) => deadlocks / Math.max(1, time / DAY)

function draft(name: string, counted: Counted, watched: Counted | null, highAt: number): FindingDraft {
  const rate = perDay(counted)
  const {deadlocks, source, confidence} = counted
  return {
    severity: rate >= highAt ? 'high' : 'medium',
    subject: `database ${quoteIdent(name)}`,
    title: `${number(deadlocks)} deadlocks in database ${quoteIdent(name)}, ${number(rate)} a day`,
    detail:
      'Each ended one transaction with "deadlock detected". Which statements they were was not seen: the server ' +
      'writes both of them to its log.',
    evidence: [
      {label: 'deadlocks', value: deadlocks, unit: 'count', source},
      {label: 'deadlocks a day', value: rate, unit: 'count', source: 'the same; at least one day is assumed'},
      ...(watched ? [{label: 'deadlocks just now', value: watched.deadlocks, source: watched.source}] : []),
    ],
    confidence,
    fixes: [sameOrder],
  }
}

const sameOrder: FixRequest = {
  kind: 'app',
  title: 'Lock rows in the same order everywhere, and try again when it fails',
  note: 'The log of the server (DETAIL of "deadlock detected") names both statements of each deadlock.',
  by: {
    django: {
      where: 'the code that changes several rows',
      lines: [
        'with transaction.atomic():',
        "    items = Item.objects.select_for_update(no_key=True).filter(pk__in=ids).order_by('pk')",
        "# bulk_update and update loops: sort by pk first; retry on OperationalError with sqlstate '40P01'",
      ],
    },
    rails: {
      where: 'the code that changes several rows',
      lines: ['Item.where(id: ids).order(:id).lock.each { |item| ... }   # rescue ActiveRecord::Deadlocked, retry'],
    },
    plain: {
      where: 'the code that changes several rows',
      lines: [
        'SELECT ... WHERE id = ANY ($1) ORDER BY id FOR NO KEY UPDATE;',
        'On error 40P01: ROLLBACK, and run the transaction again.',
      ],
    },
  },
}
