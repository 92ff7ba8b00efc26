import {advisedFixes, advisedSubject} from '../../derive/advised-index.js'
import {shorten} from '../../derive/statement-text.js'
import {workloadOf} from '../../derive/statements.js'
import {defineRule, type Evidence, type FindingDraft, SEVERITIES} from '../../rule.js'
import type {AdvisedIndex, IndexAdvice} from '../../snapshot.js'
import {number} from '../../units.js'

/** Characters of a statement in the report, and statements of one index. */
const SHOWN = 160
const MOST = 4

export default defineRule({
  id: 'indexes/missing',
  title: 'Index that the workload lacks',
  category: 'indexes',
  needs: ['server', 'indexAdvice', 'statements', 'statementTexts', 'statementsInfo'],
  options: {
    minTimes: {default: 2, unit: 'ratio', help: 'the cost of a statement must fall by this factor'},
    minShare: {default: 1, unit: 'percent', help: 'of all statement time, that of the statements it serves'},
    mediumShare: {default: 5, unit: 'percent', help: 'medium from this share on'},
    highShare: {default: 20, unit: 'percent', help: 'high from this share on, when highTimes is reached too'},
    highTimes: {default: 10, unit: 'ratio', help: 'see highShare'},
  },
  severity: {
    high: 'its statements take highShare of all statement time or more, and one becomes highTimes cheaper or more',
    medium: 'they take mediumShare or more',
    low: 'they take less',
  },
  why:
    'A statement that finds no index reads the whole table, and the time of that grows with the table and with the users. ' +
    'An index that does not pay costs every write: so each is planned first, on a private server with the schema and the ' +
    'statistics of this database but no row of it, and the cost before and after is shown. Planned are the first 15 by ' +
    'time of the statements that take 1 % of it, read 20 pages or more in each call, and name a table of 20 pages or ' +
    'more that was read as a whole; "ahsp-db indexes" plans them all.',
  references: ['https://www.postgresql.org/docs/current/indexes.html'],
  peers: ['PB', 'MC', 'PH', 'PA', 'PW'],
  check({server, indexAdvice: advice, statements, statementTexts, statementsInfo}, options) {
    const known = workloadOf(statements, statementTexts, server.database).filter(({toplevel}) => toplevel)
    const byId = new Map(known.map(({queryid, text, totalMs}) => [queryid!, {text, totalMs}]))
    const found = advice.recommended
      .map(index => gainOf(index, byId, statementsInfo.totalMs))
      .filter(({times, share}) => times >= options.minTimes && share >= options.minShare)
    const findings = found.map(gain => draft(gain, advice, options))
    const order = (each: FindingDraft) => SEVERITIES.indexOf(each.severity)
    return {
      summary: summaryOf(advice, findings.length, options),
      findings: findings.sort((a, b) => order(a) - order(b)),
    }
  },
})

type Known = ReadonlyMap<string, {text: string; totalMs: number}>
type Gain = {
  index: AdvisedIndex
  served: {text: string; calls: number; before: number; after: number}[]
  /** the largest factor */
  times: number
  /** percent of all statement time */
  share: number
}

function gainOf(index: AdvisedIndex, byId: Known, totalMs: number): Gain {
  const times = Math.max(1, ...index.serves.map(({before, after}) => before / Math.max(after, 0.01)))
  const time = index.serves.reduce((sum, {queryid}) => sum + (byId.get(queryid)?.totalMs ?? 0), 0)
  const served = index.serves.map(each => ({...each, text: byId.get(each.queryid)?.text ?? `query ${each.queryid}`}))
  return {index, served, times, share: totalMs > 0 ? (time / totalMs) * 100 : 0}
}

const rounded = (value: number) => number(Number(value.toPrecision(3)))

function draft(gain: Gain, advice: IndexAdvice, limits: Record<'mediumShare' | 'highShare' | 'highTimes', number>) {
  const {index, served, times, share} = gain
  const subject = advisedSubject(index)
  const many = served.length === 1 ? 'a statement' : `${served.length} statements`
  const isHigh = share >= limits.highShare && times >= limits.highTimes
  return {
    severity: isHigh ? 'high' : share >= limits.mediumShare ? 'medium' : 'low',
    subject,
    title: `An index on ${subject} would make ${many} up to ${rounded(times)} times cheaper`,
    detail:
      `Planned on a private server with the statistics of this database: the cost of the ${advice.statements} statements ` +
      `that were planned falls by ${rounded(index.gainPercent)} % with it. Not seen: whether the ` +
      `pages are in memory; the time falls in the same direction, rarely by the same factor.${notesOf(advice)}`,
    evidence: [...served.slice(0, MOST).map(costOf), ...weightOf(gain)],
    confidence: 'estimated',
    fixes: advisedFixes(index),
  } satisfies FindingDraft
}

const costOf = ({text, calls, before, after}: Gain['served'][number]): Evidence => ({
  label: shorten(text, SHOWN),
  value: `cost ${rounded(before)} -> ${rounded(after)}, ${number(calls)} calls`,
  source: "the planner, on this database's statistics; pg_stat_statements",
})

const weightOf = ({index, share}: Gain): Evidence[] => [
  {label: 'of all statement time, those', value: share, unit: 'percent', source: 'pg_stat_statements'},
  {label: 'size of the index', value: index.bytes, unit: 'bytes', source: 'estimated from widths and rows'},
  {label: 'write overhead', value: index.writePercent, unit: 'percent', source: 'of the cost that was planned'},
]

const notesOf = ({notes}: IndexAdvice) => (notes.length > 0 ? ` Less exact: ${notes.slice(0, 2).join('; ')}.` : '')

function summaryOf(
  {statements, candidates, closest, recommended}: IndexAdvice,
  found: number,
  {minTimes, minShare}: {minTimes: number; minShare: number},
): string {
  if (statements === 0) return 'no statement of weight reads a table of 20 pages or more as a whole'
  const asked = `${statements} statements and ${candidates} candidates were planned`
  if (found > 0) return `${found} ${found === 1 ? 'index pays' : 'indexes pay'}: ${asked}`
  if (recommended.length > 0) {
    return `no index makes statements that take ${minShare} % of the time ${minTimes} times cheaper: ${asked}`
  }
  if (!closest) return `no index pays: ${asked}`
  const {definitions, before, after, reason} = closest
  const cost = `cost ${rounded(before)} -> ${rounded(after)}`
  return `no index pays: ${asked}; the closest, ${definitions.join(' and ')} (${cost}), was refused: ${reason}`
}
