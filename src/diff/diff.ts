import type {Report} from '../report.js'
import {changesDiff} from './changes.js'
import type {Diff, DiffRun, DiffSide} from './diff-types.js'
import {findingsDiff} from './findings.js'
import {statementsDiff} from './statements.js'

export type DiffOptions = {
  /** rules that judge what happened since the earlier run: what they find is new, though they judged nothing then */
  since?: readonly string[]
}

/** What became of a database between two runs, the earlier first. Pure. */
export function diffRuns(before: DiffSide, after: DiffSide, {since}: DiffOptions = {}): Diff {
  return {
    format: 'ahsp-db/diff',
    version: 1,
    before: runOf(before.report),
    after: runOf(after.report),
    findings: findingsDiff(before.report, after.report, since),
    ...changesDiff(before.snapshot, after.snapshot),
    statements: statementsDiff(before.snapshot, after.snapshot),
    notes: notesOn(before.report, after.report),
  }
}

const runOf = ({collectedAt, verdict, tool, target: {host, port, database}}: Report): DiffRun => ({
  at: collectedAt,
  headline: verdict.headline,
  tool,
  target: {host, port, database},
})

function notesOn(before: Report, after: Report): string[] {
  const name = ({target: {host, port, database}}: Report) => `${host}:${port}/${database}`
  const users = ({users}: Report) => (users === null ? 'no number of users' : `${users} users`)
  return [
    name(before) === name(after) ? '' : `these are two databases: ${name(before)} and ${name(after)}`,
    before.collectedAt > after.collectedAt ? 'the first run is the later one: new is what was gone' : '',
    before.tool === after.tool ? '' : `ahsp-db ${before.tool} judged the first run, ${after.tool} the second`,
    before.users === after.users ? '' : `the first run was judged for ${users(before)}, the second for ${users(after)}`,
    before.partial ? 'the first run was cut short: what it did not read is not compared' : '',
    after.partial ? 'the second run was cut short: what it did not read is not compared' : '',
  ].filter(Boolean)
}
