import type {Config} from '../config.js'
import type {Diff, DiffSide} from '../diff/diff-types.js'
import {CliError} from '../errors.js'
import {findRun} from '../history/find.js'
import {type Moment, momentOf} from '../history/moment.js'
import {openHistory} from '../history/open.js'
import type {Earlier} from '../history/run-file.js'
import type {History, HistoryHead} from '../history/store.js'
import type {Report} from '../report.js'
import type {Context} from '../rule.js'
import type {Snapshot} from '../snapshot.js'
import {judge} from './judge.js'

export type Setup = {config: Config; context: Context /** the file that --baseline names */; earlier?: Earlier}

/** The run of the same database that `baseline` means; null: there is none. Throws what the history throws. */
export async function findEarlier(
  history: History,
  baseline: string,
  {target, collectedAt}: Pick<Snapshot, 'target' | 'collectedAt'>,
): Promise<Earlier | null> {
  const moment = momentOf(baseline)
  if (moment.kind === 'named') return readId(history, moment)
  const found = await findRun(history, target, moment, collectedAt)
  if (!found) return null
  return {...found.entry, notes: [...history.notes(), ...found.notes]}
}

async function readId(history: History, {name}: Moment & {kind: 'named'}): Promise<Earlier | null> {
  const head = (await history.list(null)).find(({id}: HistoryHead) => id === name)
  return head ? {...(await history.read(head)), notes: []} : null
}

export type Judged = {
  report: Report
  /** null: no baseline was given, or there was none to compare with */
  diff: Diff | null
}

/**
 * Judges a snapshot, and compares it with the run that --baseline names. A history that cannot be read, or has no
 * earlier run, is a warning of the report: it must not be lost for that.
 */
export async function judgeSince(
  snapshot: Snapshot,
  setup: Setup,
  {baseline, place, debug}: {baseline?: string; place?: string; debug?: boolean},
): Promise<Judged> {
  if (baseline === undefined) return {report: await judge(snapshot, setup, debug), diff: null}
  const {earlier, why} = await earlierFor(snapshot, setup, baseline, place)
  if (!earlier) {
    const report = await judge(snapshot, setup, debug)
    return {report: {...report, warnings: [...report.warnings, `nothing to compare with: ${why}`]}, diff: null}
  }
  const judged = withBaseline(setup, baseline, earlier)
  const report = await judge(snapshot, judged, debug)
  return {report, diff: await diffSince(earlier, {snapshot, report}, setup)}
}

async function earlierFor(snapshot: Snapshot, {earlier}: Setup, baseline: string, place: string | undefined) {
  if (earlier) return {earlier, why: ''}
  try {
    const history = await openHistory(place)
    try {
      const found = await findEarlier(history, baseline, snapshot)
      return {
        earlier: found,
        why: [`${history.name} has no earlier run of this database`, ...history.notes()].join('; '),
      }
    } finally {
      await history.close()
    }
  } catch (error) {
    if (error instanceof CliError) return {earlier: null, why: error.message}
    throw error
  }
}

/** The context in which rules compare with the earlier run. */
export function withBaseline<T extends {context: Context}>(setup: T, name: string, {snapshot}: Earlier): T {
  return snapshot ? {...setup, context: {...setup.context, baseline: {file: name, snapshot}}} : setup
}

/**
 * What became of the earlier run. Its snapshot is judged again, by the rules, options and questions of today: else
 * a new version of this program, or another --users, would look like a change of the database.
 */
export async function diffSince(earlier: Earlier, after: DiffSide, setup: Setup): Promise<Diff> {
  const {diffRuns} = await import('../diff/diff.js')
  const {rules} = await import('../rules/index.js')
  const before = await judgedAgain(earlier, setup)
  const since = rules.filter(({asksFor}) => asksFor === 'baseline').map(({id}) => id)
  const diff = diffRuns(before, after, {since})
  return {...diff, notes: [...diff.notes, ...earlier.notes]}
}

/** A run without a snapshot stays as it was judged. */
export async function judgedAgain({snapshot, report}: Earlier, {config, context}: Setup): Promise<DiffSide> {
  if (!snapshot) return {snapshot, report: report!}
  const {baseline: _, ...question} = context
  return {snapshot, report: await judge(snapshot, {config, context: question})}
}

/** Of the findings those that came, or became worse: what --fail-on-new counts. Without a diff everything is new. */
export function newsOf(report: Report, diff: Diff | null): Report {
  if (!diff) return report
  const {findings} = diff
  const news = [
    ...findings.new,
    ...findings.unsure.map(each => each.finding),
    ...findings.worse.map(each => each.after),
  ]
  const known = new Set(news.map(({fingerprint}) => fingerprint))
  const results = report.results.map(result => ({
    ...result,
    findings: result.findings.filter(({fingerprint}) => known.has(fingerprint)),
  }))
  return {...report, results}
}
