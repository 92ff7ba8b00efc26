import {lookedAt, MOST, type Query, queriesOf, queryEvidence, querySubject, shownText} from '../../derive/queries.js'
import {defineRule, type FindingDraft} from '../../rule.js'
import {milliseconds, number} from '../../units.js'

export default defineRule({
  id: 'queries/unstable',
  title: 'Statement that is fast at one call and slow at the next',
  category: 'queries',
  needs: ['server', 'statements', 'statementTexts', 'statementsInfo'],
  options: {
    minCalls: {default: 100, unit: 'count', help: 'fewer calls tell no spread'},
    minMean: {default: 10, unit: 'milliseconds', help: 'faster ones hurt nobody'},
    minShare: {default: 1, unit: 'percent', help: 'it must take this share of the time of all statements'},
    noticed: {default: 200, unit: 'milliseconds', help: 'the slowest call must take this long'},
    slow: {default: 1000, unit: 'milliseconds', help: 'medium when the slowest call takes this long'},
  },
  severity: {
    medium: 'the standard deviation exceeds the mean, and the slowest call takes slow or longer: some users wait',
    low: 'the same, but its slowest call is faster than that',
  },
  why:
    'Such a statement looks fine on average while some users wait many times longer. The usual reasons: one plan for ' +
    'values that differ much in their number of rows, waiting for locks, and data that is not in memory.',
  references: ['https://www.postgresql.org/docs/current/auto-explain.html'],
  peers: ['FA'],
  check(input, options) {
    const queries = queriesOf(input)
    const unstable = queries.filter(
      query =>
        query.calls >= options.minCalls &&
        query.meanMs >= options.minMean &&
        query.share >= options.minShare &&
        query.maxMs >= options.noticed &&
        spreads(query),
    )
    return {
      summary: lookedAt(unstable.length, queries, 'vary by more than their mean'),
      findings: unstable.slice(0, MOST).map(query => draft(query, options.slow)),
    }
  },
})

/** Also without the one worst call, which may have been the first one, or a bad moment of the server. */
function spreads({calls, meanMs, stddevMs, maxMs}: Query): boolean {
  const squares = calls * (stddevMs ** 2 + meanMs ** 2) - maxMs ** 2
  const mean = (calls * meanMs - maxMs) / (calls - 1)
  const deviation = Math.sqrt(Math.max(0, squares / (calls - 1) - mean ** 2))
  return stddevMs > meanMs && deviation > mean
}

function draft(query: Query, slow: number): FindingDraft {
  const {meanMs, stddevMs, minMs, maxMs, ioReadMs, calls} = query
  return {
    severity: maxMs >= slow ? 'medium' : 'low',
    subject: querySubject(query),
    title: `A statement takes ${milliseconds(minMs)} to ${milliseconds(maxMs)}, ${milliseconds(meanMs)} on average`,
    detail: `${shownText(query)} - ${reason(query)} Which values are slow was not seen: the log of slow calls tells.`,
    evidence: queryEvidence(
      query,
      {label: 'standard deviation', value: stddevMs, unit: 'milliseconds'},
      {label: 'fastest call', value: minMs, unit: 'milliseconds'},
      {label: 'slowest call', value: maxMs, unit: 'milliseconds'},
      {label: 'reading from disk per call', value: ioReadMs / calls, unit: 'milliseconds'},
    ),
    confidence: 'measured',
    fixes: [
      {
        kind: 'action',
        title: 'Find out what the slow calls have in common',
        steps: [
          {
            text: 'Log their plans for a while, with their values',
            lines: [
              `LOAD 'auto_explain';`,
              `SET auto_explain.log_min_duration = '${Math.max(1, Math.round(meanMs * 3))}ms';`,
            ],
            language: 'sql',
          },
          'Values with many rows: a page (LIMIT), or another index for them; plan_cache_mode = force_custom_plan when it is prepared.',
          'Waiting for locks (log_lock_waits): shorter transactions, the same order of rows everywhere.',
          'Reading from disk: an index that reads less, or more memory.',
        ],
        note: 'For all sessions: session_preload_libraries = auto_explain, and a reload.',
      },
    ],
  }
}

function reason({ioReadMs, totalMs, rows, calls, text}: Query): string {
  const io = totalMs > 0 ? (ioReadMs / totalMs) * 100 : 0
  if (io >= 50) return `${number(io)} % of its time is reading from disk: what is not in memory is slow.`
  if (/^\s*(?:UPDATE|DELETE)\b|\bFOR\s+(?:NO\s+KEY\s+)?UPDATE\b/i.test(text))
    return 'It locks rows: the slow calls may have waited for others.'
  return rows / calls > 1
    ? 'The number of rows may differ much from call to call.'
    : 'Neither disk nor locks explain it.'
}
