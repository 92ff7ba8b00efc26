import {type Counted, countedSoFar, countedWhileWatching} from '../../derive/database-counters.js'
import {defineRule, type FindingDraft} from '../../rule.js'
import type {Section, Statement, StatementsInfo, StatementText} from '../../snapshot.js'
import {quoteIdent} from '../../sql/quote.js'
import {number} from '../../units.js'

export default defineRule({
  id: 'queries/rollback-ratio',
  title: 'Many transactions are rolled back',
  category: 'queries',
  needs: ['server', 'databases'],
  uses: ['checkpoints', 'statements', 'statementTexts', 'statementsInfo'],
  options: {
    warnAt: {default: 10, unit: 'percent', help: 'rollbacks among all transactions'},
    minTransactions: {default: 1000, unit: 'count', help: 'fewer transactions tell nothing'},
    failed: {default: 5, unit: 'percent', help: 'medium when so many failed without the client asking for a rollback'},
  },
  severity: {
    medium: 'the server ended many of them itself, because of errors: somebody gets error messages',
    low: 'clients ask for these rollbacks: errors, or a pool that ends each reading with ROLLBACK',
  },
  why:
    'A rolled back transaction is work for nothing, and usually an error that a user has seen: a timeout, a ' +
    'duplicate key, a deadlock. Some libraries however end every reading with ROLLBACK, which is harmless.',
  references: ['https://www.postgresql.org/docs/current/monitoring-stats.html#MONITORING-PG-STAT-DATABASE-VIEW'],
  peers: ['PB', 'CA'],
  check({server, databases, checkpoints, statements, statementTexts, statementsInfo}, options, _context, window) {
    const readings = databases
      .filter(({isTemplate}) => !isTemplate)
      .map(database => {
        const watched = countedWhileWatching(database, window)
        const isEnough = watched !== null && total(watched) >= options.minTransactions
        return {name: database.name, counted: isEnough ? watched : countedSoFar(database, server, checkpoints)}
      })
      .filter(({counted}) => total(counted) >= options.minTransactions)
      .sort((a, b) => percentOf(b.counted) - percentOf(a.counted))
    const [worst] = readings
    return {
      summary: worst
        ? `${number(percentOf(worst.counted))} % of ${number(total(worst.counted))} transactions in database ${quoteIdent(worst.name)} were rolled back`
        : `no database with ${number(options.minTransactions)} transactions yet`,
      findings: readings
        .filter(({counted}) => percentOf(counted) >= options.warnAt)
        .map(({name, counted}) =>
          draft(name, counted, askedFor(name, counted, statements, statementTexts, statementsInfo), options.failed),
        ),
    }
  },
})

const total = ({commits, rollbacks}: Counted) => commits + rollbacks
const percentOf = (counted: Counted) => (counted.rollbacks / Math.max(1, total(counted))) * 100

const ROLLBACK = /^\s*(?:ROLLBACK|ABORT)(?!\s+(?:(?:WORK|TRANSACTION)\s+)?TO\b|\s+PREPARED\b)/i

/** ROLLBACKs that clients sent, at least as long as the transactions were counted; null: not known. */
function askedFor(
  database: string,
  counted: Counted,
  statements: Section<Statement[]>,
  texts: Section<StatementText[]>,
  info: Section<StatementsInfo>,
): number | null {
  if (!statements.ok || !texts.ok || !info.ok) return null
  if (info.data.statsReset === null || info.data.statsReset > counted.since) return null
  const ids = new Set(texts.data.filter(({text}) => ROLLBACK.test(text)).map(({queryid}) => queryid))
  return statements.data
    .filter(({queryid, database: where}) => where === database && queryid !== null && ids.has(queryid))
    .reduce((sum, {calls}) => sum + calls, 0)
}

function draft(name: string, counted: Counted, asked: number | null, failed: number): FindingDraft {
  const failures = asked === null ? null : Math.max(0, counted.rollbacks - asked)
  const isFailing = failures !== null && (failures / total(counted)) * 100 >= failed
  const {source, confidence} = counted
  return {
    severity: isFailing ? 'medium' : 'low',
    subject: `database ${quoteIdent(name)}`,
    title: `${number(percentOf(counted))} % of the transactions in database ${quoteIdent(name)} are rolled back`,
    detail: isFailing
      ? `${number(failures)} of them ended without any client asking for it: by errors. The server's log has their reasons.`
      : 'Whether they are errors was not seen: some libraries end each reading with ROLLBACK. The log would show errors.',
    evidence: [
      {label: 'rolled back', value: counted.rollbacks, unit: 'count', source},
      {label: 'committed', value: counted.commits, unit: 'count', source},
      ...(asked === null
        ? []
        : [{label: 'ROLLBACKs sent by clients', value: asked, unit: 'count' as const, source: 'pg_stat_statements'}]),
    ],
    confidence,
    fixes: [
      {
        kind: 'action',
        title: 'Find the errors',
        steps: [
          {
            text: 'Count them in the log',
            lines: ["grep -ho 'ERROR:  .*' postgresql*.log | sort | uniq -c | sort -rn | head"],
            language: 'sh',
          },
          'Timeouts and deadlocks have findings of their own here; duplicate keys want INSERT ... ON CONFLICT.',
          'No errors there: a library that ends readings with ROLLBACK (SQLAlchemy pools do). Then leave it.',
        ],
      },
    ],
  }
}
