import {COUNTED, RESET_NOTE, sumOfCalls, transactionRoles} from '../../derive/pooled-statements.js'
import {keepsPrepared, sessionEntry} from '../../derive/pooler-advice.js'
import {isSqlPrepare} from '../../derive/session-features.js'
import {shorten} from '../../derive/statement-text.js'
import {defineRule, type FixRequest} from '../../rule.js'
import {quoteIdent} from '../../sql/quote.js'
import {number} from '../../units.js'

export default defineRule({
  id: 'pooler/sql-prepare',
  title: 'PREPARE in SQL through a pool by transaction',
  category: 'pooler',
  asksFor: 'pooler',
  needs: ['poolers', 'statements', 'statementTexts'],
  uses: ['activity'],
  options: {
    minCalls: {default: 20, unit: 'count', help: 'fewer executions than this may be a person'},
  },
  severity: {
    medium:
      'a pooled role executes statements that it prepared in SQL: each works only in the session that prepared it',
  },
  why:
    'PREPARE keeps a statement in the session, and a pool by transaction changes the session with each transaction: ' +
    'EXECUTE then fails, or runs what another client prepared under that name. No version of PgBouncer follows it.',
  references: ['https://www.pgbouncer.org/features.html#sql-feature-map-for-pooling-modes'],
  check({poolers, statements, statementTexts, activity}, {minCalls}) {
    const roles = transactionRoles(poolers, activity, statements, statementTexts)
    const found = roles
      .map(role => ({...role, prepared: role.statements.filter(({text}) => isSqlPrepare(text))}))
      .filter(({prepared}) => sumOfCalls(prepared) >= minCalls)
    return {
      summary: `${found.length || 'none'} of ${roles.length} pooled roles prepares statements in SQL`,
      findings: found.map(({pooled, served, prepared}) => ({
        severity: 'medium',
        subject: `role ${quoteIdent(pooled.role)} in database ${quoteIdent(served.database)}`,
        title: `Role ${quoteIdent(pooled.role)} executed ${number(sumOfCalls(prepared))} statements that it prepared in SQL`,
        detail:
          `max_prepared_statements helps only what drivers prepare by the protocol. ${COUNTED} ` +
          'Executions that failed are not counted.',
        evidence: [
          ...prepared
            .sort((a, b) => b.calls - a.calls || (a.text < b.text ? -1 : 1))
            .slice(0, 3)
            .map(({text, calls}) => ({label: shorten(text, 80), value: calls, source: 'pg_stat_statements'})),
          {label: 'pool_mode', value: pooled.mode, source: 'SHOW CONFIG, DATABASES, USERS'},
        ],
        confidence: 'estimated',
        fixes: [plainStatements(keepsPrepared(pooled.pooler)), sessionEntry(pooled, 'what prepares in SQL')],
      })),
    }
  },
})

const plainStatements = (isKept: boolean): FixRequest => ({
  kind: 'app',
  title: "Send the statement itself, with the driver's parameters",
  note: RESET_NOTE,
  by: {
    plain: {
      where: 'the application',
      lines: isKept
        ? ["Instead of PREPARE and EXECUTE: the driver's own prepared statements, which this PgBouncer keeps apart."]
        : ['Instead of PREPARE and EXECUTE: the same statement with parameters, unprepared.'],
    },
  },
})
