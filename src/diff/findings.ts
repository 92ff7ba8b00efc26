import type {Finding, Report, Result} from '../report.js'
import {SEVERITIES, type Severity} from '../rule.js'
import type {Diff} from './diff-types.js'

const rank = (severity: Severity) => SEVERITIES.indexOf(severity)

/**
 * What became of each finding, by its fingerprint. A rule that was skipped says nothing: what it found in the other
 * run is `unsure` or `unknown`. `since` names the rules that judge what happened since the earlier run. Pure.
 */
export function findingsDiff(before: Report, after: Report, since: readonly string[] = []): Diff['findings'] {
  const [earlier, later] = [byFingerprint(before), byFingerprint(after)]
  const diff: Diff['findings'] = {new: [], unsure: [], worse: [], better: [], gone: [], unknown: [], same: 0}
  for (const [fingerprint, now] of later) {
    const was = earlier.get(fingerprint)
    const why = was || since.includes(now.rule) ? null : notJudged(before, now)
    if (was) compare(diff, was, now)
    else if (why === null) diff.new.push(now)
    else diff.unsure.push({finding: now, why})
  }
  for (const [fingerprint, was] of earlier) {
    if (later.has(fingerprint)) continue
    const why = notJudged(after, was)
    if (why === null) diff.gone.push(was)
    else diff.unknown.push({finding: was, why})
  }
  return sorted(diff)
}

function compare(diff: Diff['findings'], before: Finding, after: Finding): void {
  const by = rank(after.severity) - rank(before.severity)
  if (by < 0) diff.worse.push({before, after})
  else if (by > 0) diff.better.push({before, after})
  else diff.same += 1
}

/** A rule may name one thing twice: the worst stands for it. */
function byFingerprint({results}: Report): Map<string, Finding> {
  const findings = results.flatMap(result => result.findings)
  const worstLast = [...findings].sort((a, b) => rank(b.severity) - rank(a.severity))
  return new Map(worstLast.map(finding => [finding.fingerprint, finding]))
}

/** Why the report says nothing about this finding; null: its rule judged, and did not find it. */
function notJudged({results, ignored}: Report, {rule, subject}: Finding): string | null {
  const known = ignored.find(each => each.rule === rule && each.subject === subject)
  if (known) return `ignored: ${known.reason}`
  const result: Result | undefined = results.find(each => each.rule === rule)
  if (!result) return 'not judged by this rule'
  return result.status === 'skipped' || result.status === 'error' ? result.summary : null
}

function sorted(diff: Diff['findings']): Diff['findings'] {
  const by =
    <T>(of: (each: T) => Finding) =>
    (a: T, b: T) =>
      rank(of(a).severity) - rank(of(b).severity) || (of(a).fingerprint < of(b).fingerprint ? -1 : 1)
  const own = (finding: Finding) => finding
  return {
    ...diff,
    new: diff.new.sort(by(own)),
    gone: diff.gone.sort(by(own)),
    unsure: diff.unsure.sort(by(each => each.finding)),
    unknown: diff.unknown.sort(by(each => each.finding)),
    worse: diff.worse.sort(by(each => each.after)),
    better: diff.better.sort(by(each => each.after)),
  }
}
