import type {Finding} from '../../../report.js'
import {number} from '../../../units.js'
import type {Cause} from '../cause.js'
import {type Facts, resultsOf} from '../facts.js'

const QUERIES_PER_REQUEST = 30
const CALLS_PERCENT = 40
const RULE = 'queries/n-plus-one'

export default {
  id: 'N_PLUS_ONE',
  title: 'One query for each row of another (N+1)',
  rules: [RULE],
  check({facts}) {
    const [result] = resultsOf(facts, [RULE])
    if (!result || result.status === 'skipped' || result.status === 'error') {
      return {cannotJudge: result?.summary ?? 'the run file has no snapshot of its end'}
    }
    const loops = result.findings.filter(({severity}) => severity === 'high' || severity === 'critical')
    const queries = queriesPerRequest(facts)
    const share = loops.reduce((sum, loop) => sum + callShare(loop), 0)
    const reached = Math.max((queries ?? 0) / QUERIES_PER_REQUEST, share / CALLS_PERCENT)
    const [first] = loops
    return {
      reached: first ? reached : 0,
      fires: first !== undefined && ((queries ?? 0) > QUERIES_PER_REQUEST || share >= CALLS_PERCENT),
      // Most of its time is spent between the queries, where it looks like the application's own.
      isMaterial: true,
      summary: first
        ? `${first.title}; ${queries === null ? 'queries per request are not known' : `${number(queries)} queries per request`}, ${number(Math.round(share))} % of all calls`
        : 'no loop of queries was seen for certain',
      confidence: 'measured',
      evidence: [
        {label: 'calls of the look-ups, of all calls', value: share, unit: 'percent', source: 'pg_stat_statements'},
        ...(queries === null
          ? []
          : [{label: 'queries per request', value: queries, source: 'pg_stat_statements and the load generator'}]),
      ],
      look: [
        'The view that reads the list: its queries grow with the rows, so more data makes it worse than more users.',
      ],
    }
  },
} satisfies Cause as Cause

/** The rule's own number: the share of the calls that one loop makes. Each look-up has one finding at most. */
function callShare({evidence}: Finding): number {
  const value = evidence.find(({label}) => label === 'share of all calls')?.value
  return typeof value === 'number' ? value : 0
}

/** Statements of the whole part that is judged, over its requests; the file may have left out the rarest ones. */
export function queriesPerRequest({run, client}: Facts): number | null {
  const counted = run.counters.flatMap(({statements}) => statements ?? [])
  const from = run.counters[0]?.at ?? 0
  const to = run.counters.at(-1)?.at ?? 0
  const points = client?.points.filter(({at}) => at >= from && at <= to) ?? []
  const requests = points.length > 0 ? points.reduce((sum, point) => sum + point.requests, 0) : client?.total.requests
  return counted.length === 0 || !requests ? null : counted.reduce((sum, {calls}) => sum + calls, 0) / requests
}
