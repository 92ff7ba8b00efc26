import type {Diff} from '../../diff/diff-types.js'
import {type TrendPoint, trendPoint} from '../../history/trend.js'
import type {Report} from '../../report.js'
import type {Context} from '../../rule.js'
import type {Snapshot} from '../../snapshot.js'
import {workloadReport} from '../../workload/workload.js'
import {page} from './page.js'

export type HtmlOptions = {
  /** null: the server let nobody in */
  snapshot: Snapshot | null
  diff?: Diff | null
  /** of earlier runs, oldest first */
  trend?: readonly TrendPoint[]
  context?: Context
}

const STATEMENTS = 20

/** The report as a page: one file that needs nothing else. */
export async function html(report: Report, {snapshot, diff = null, trend = [], context}: HtmlOptions): Promise<string> {
  const earlier = trend.filter(({at}) => at < report.collectedAt)
  return page({
    report,
    snapshot,
    diff,
    trend: snapshot ? [...earlier, trendPoint({snapshot, report})] : earlier,
    workload: snapshot && (await workloadReport(snapshot, report, {sort: 'time', top: STATEMENTS})),
    context: context ?? (report.users === null ? {} : {users: report.users}),
  })
}
