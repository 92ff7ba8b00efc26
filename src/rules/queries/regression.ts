import {takenNames} from '../../derive/indexes.js'
import {MOST, type Query, queriesOf, queryEvidence, querySubject, shownText} from '../../derive/queries.js'
import {type Comparison, compareStatements} from '../../derive/regression.js'
import {adviceFor, differences, reasonOf} from '../../derive/regression-advice.js'
import {type Causes, causesOf} from '../../derive/regression-causes.js'
import {defineRule, type FindingDraft} from '../../rule.js'
import {milliseconds, number, seconds} from '../../units.js'

export default defineRule({
  id: 'queries/regression',
  title: 'Statement that became slower than in the baseline',
  category: 'queries',
  needs: ['server', 'statements', 'statementTexts', 'statementsInfo'],
  uses: ['tables', 'indexes', 'settings'],
  options: {
    factor: {default: 2, unit: 'ratio', help: 'mean time since the baseline, divided by the mean up to it'},
    minSlower: {default: 10, unit: 'milliseconds', help: 'and it takes this much longer'},
    minCalls: {default: 20, unit: 'count', help: 'calls up to the baseline, and since then'},
    noticed: {default: 500, unit: 'milliseconds', help: 'high when it takes this long now'},
  },
  severity: {
    high: 'it takes noticed or longer now: users feel the difference',
    medium: 'it takes factor times as long as it did, and is faster than that',
  },
  why:
    'After a release, a migration or a change of settings some statement may have lost its index or its good plan. The ' +
    'comparison with an earlier snapshot finds it before the users do.',
  references: ['https://www.postgresql.org/docs/current/pgstatstatements.html'],
  peers: ['PB'],
  asksFor: 'baseline',
  parses: () => true,
  check({server, statements, statementTexts, statementsInfo, ...now}, options, {baseline}) {
    if (!baseline) {
      return {
        cannotJudge: 'there is no earlier snapshot to compare with',
        cure: 'ahsp-db snapshot -o before.json   # and later: ahsp-db check --baseline before.json',
      }
    }
    const compared = compareStatements({server, statements, statementsInfo, at: server.now}, baseline.snapshot)
    if ('unknown' in compared) return {cannotJudge: compared.unknown}
    const queries = new Map(
      queriesOf({server, statements, statementTexts, statementsInfo}).map(query => [query.queryid, query]),
    )
    const known = compared.statements.filter(
      ({queryid, before, after}) => queries.has(queryid) && Math.min(before.calls, after.calls) >= options.minCalls,
    )
    if (known.length === 0 && compared.ambiguous > 0) {
      return {
        cannotJudge: `entries were evicted since the baseline: ${compared.ambiguous} statements may be counted anew`,
      }
    }
    const slower = known
      .filter(
        ({before, after}) =>
          after.meanMs >= options.factor * before.meanMs && added(before, after) >= options.minSlower,
      )
      .sort((a, b) => added(b.before, b.after) * b.after.calls - added(a.before, a.after) * a.after.calls)
    const taken = takenNames(now.tables.ok ? now.tables.data : [], now.indexes.ok ? now.indexes.data : [])
    const drafts = slower.slice(0, MOST).map(each => {
      const query = queries.get(each.queryid)!
      return draft(query, each, causesOf(query.text, now, baseline.snapshot), options.noticed, taken)
    })
    const left = compared.ambiguous > 0 ? `; ${compared.ambiguous} could not be compared (evicted entries)` : ''
    return {
      summary: `${slower.length || 'none'} of ${known.length} statements became slower in the ${seconds(compared.seconds)} since the baseline${left}`,
      findings: drafts,
    }
  },
})

const added = (before: {meanMs: number}, after: {meanMs: number}) => after.meanMs - before.meanMs

function draft(
  query: Query,
  {before, after}: Comparison,
  causes: Causes,
  noticed: number,
  taken: ReturnType<typeof takenNames>,
): FindingDraft {
  const factor = before.meanMs > 0 ? after.meanMs / before.meanMs : Number.POSITIVE_INFINITY
  return {
    severity: after.meanMs >= noticed ? 'high' : 'medium',
    subject: querySubject(query),
    title: `A statement takes ${milliseconds(after.meanMs)} now, ${milliseconds(before.meanMs)} before`,
    detail: `${shownText(query)} - ${reasonOf(causes)} Its plan then is not known; other values of its parameters look the same.`,
    evidence: [
      {label: 'mean time up to the baseline', value: before.meanMs, unit: 'milliseconds', source: 'the baseline'},
      {label: 'calls up to the baseline', value: before.calls, unit: 'count', source: 'the baseline'},
      {label: 'mean time since then', value: after.meanMs, unit: 'milliseconds', source: 'pg_stat_statements'},
      {label: 'calls since then', value: after.calls, unit: 'count', source: 'pg_stat_statements'},
      {label: 'times as long', value: number(factor), source: 'both'},
      ...differences(causes),
      ...queryEvidence(query).slice(-1),
    ],
    confidence: 'measured',
    fixes: adviceFor(causes, taken),
  }
}
