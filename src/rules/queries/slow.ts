import {explainLines, hasPlan, shorten, waitsByDesign} from '../../derive/statement-text.js'
import {type Workload, workloadOf} from '../../derive/statements.js'
import {type ActionStep, defineRule, type FindingDraft} from '../../rule.js'
import type {StatementsInfo, StatementText} from '../../snapshot.js'
import {quoteIdent} from '../../sql/quote.js'
import {milliseconds, number} from '../../units.js'

/** Characters of the statement in the report. */
const SHOWN = 300
/** Longer ones are fetched by hand rather than printed whole. */
const PRINTABLE = 2000

export default defineRule({
  id: 'queries/slow',
  title: 'Slow statement that runs often',
  category: 'queries',
  needs: ['server', 'statements', 'statementTexts', 'statementsInfo'],
  options: {
    minMean: {default: 20, unit: 'milliseconds', help: 'a statement is slow from this mean time on'},
    minCalls: {default: 100, unit: 'count', help: "one that ran less often is nobody's daily trouble"},
    minShare: {default: 1, unit: 'percent', help: 'and it must take this share of the time of all statements'},
    highShare: {default: 30, unit: 'percent', help: 'high from this share on, when highMean is reached too'},
    highMean: {default: 100, unit: 'milliseconds', help: 'a person notices a request that waits this long'},
    most: {default: 5, unit: 'count', help: 'so many are reported, those with the most time first'},
  },
  severity: {
    high: 'highShare of all statement time or more, and a mean of highMean or more: users wait, and so do the others',
    medium: 'slow and called often: the place where work on the application pays',
  },
  why:
    'A few statements usually take most of the time; each call holds a connection, memory and locks for as long as it ' +
    'runs. To make one of these faster helps more than any setting.',
  references: [
    'https://www.postgresql.org/docs/current/pgstatstatements.html',
    'https://www.postgresql.org/docs/current/using-explain.html',
  ],
  check({server, statements, statementTexts, statementsInfo}, options) {
    const known = workloadOf(statements, statementTexts, server.database)
    // What runs inside functions is counted in the statement that calls them.
    const own = known.filter(({text, toplevel}) => toplevel && hasPlan(text) && !waitsByDesign(text))
    const slow = own.filter(
      ({meanMs, calls, totalMs}) =>
        meanMs >= options.minMean &&
        calls >= Math.max(2, options.minCalls) &&
        totalMs * 100 >= options.minShare * statementsInfo.totalMs,
    )
    const findings = slow
      .slice(0, options.most)
      .map(each =>
        draft(each, statementsInfo, isPrintable(each, statementTexts) ? each.text : null, server.versionNum, options),
      )
    const limit = `${milliseconds(options.minMean)} on average in ${number(options.minCalls)} calls or more`
    return {
      summary: `${slow.length || 'none'} of ${own.length} statements took ${limit}`,
      findings,
    }
  },
})

const isPrintable = ({queryid, text}: Workload, texts: StatementText[]) =>
  text.length <= PRINTABLE && texts.some(known => known.queryid === queryid && !known.truncated)

type Limits = {highShare: number; highMean: number}

function draft(
  statement: Workload,
  info: StatementsInfo,
  whole: string | null,
  versionNum: number,
  limits: Limits,
): FindingDraft {
  const {queryid, text, calls, meanMs, stddevMs, totalMs, rows, sharedRead, sharedHit} = statement
  const share = (totalMs / info.totalMs) * 100
  const source = 'pg_stat_statements'
  const lost = info.evictions
    ? ` ${number(info.evictions)} entries were evicted: what they cost is missing from the total.`
    : ''
  return {
    severity: share >= limits.highShare && meanMs >= limits.highMean ? 'high' : 'medium',
    subject: `query ${queryid}`,
    title: `A statement takes ${milliseconds(meanMs)} each time, ${number(Math.round(share))} % of all statement time`,
    detail:
      `${shorten(text, SHOWN)} - Waiting for locks and for the disk is part of these times. Its plan was not looked ` +
      `at: that would confirm what makes it slow.${lost}`,
    evidence: [
      {label: 'calls', value: calls, unit: 'count', source},
      {label: 'mean time', value: meanMs, unit: 'milliseconds', source},
      {label: 'standard deviation', value: stddevMs, unit: 'milliseconds', source},
      {label: 'share of all statement time', value: share, unit: 'percent', source},
      {label: 'rows per call', value: rows / calls, unit: 'count', source},
      {label: 'blocks read per call', value: (sharedRead + sharedHit) / calls, unit: 'count', source},
      {label: 'of them from outside shared_buffers', value: sharedRead / calls, unit: 'count', source},
    ],
    confidence: 'measured',
    fixes: [
      {
        kind: 'action',
        title: 'Look at its plan, then at the code that sends it',
        steps: steps(whole, info, queryid!, versionNum),
        note: 'Constants were replaced as well: where the server refuses a $1 (interval $1), put a value.',
      },
    ],
  }
}

const steps = (whole: string | null, {schema}: StatementsInfo, queryid: string, versionNum: number): ActionStep[] => [
  ...(whole === null
    ? [
        {
          text: 'Its text is too long to be shown here; this prints it',
          lines: [`SELECT query FROM ${quoteIdent(schema)}.pg_stat_statements WHERE queryid = ${queryid} LIMIT 1;`],
        },
      ]
    : []),
  {text: 'Plan it without running it', lines: explainLines(whole, versionNum)},
  'A Seq Scan that keeps few of many rows wants an index; a Sort or Hash with Disk wants work_mem or fewer rows',
  'In the code: only the columns and the page that are shown; results that are asked for again and again, from a cache',
]
