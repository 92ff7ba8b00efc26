import {type FindingDraft, type FixRequest, SEVERITIES} from '../rule.js'

/** More findings of one rule than this are a list, not something to act on. */
const ALONE = 10

type SqlFix = Extract<FixRequest, {kind: 'sql'}>

/**
 * Findings in order of their weight: the first ten as they are, the others as one named `subject`, with their objects
 * and all their statements. Fixes that are no SQL are given once for each title.
 */
export function condense(findings: FindingDraft[], subject: string): FindingDraft[] {
  const rest = findings.slice(ALONE)
  if (rest.length < 2) return findings
  const all = rest.flatMap(finding => finding.fixes)
  const fixes = all.filter(fix => fix.kind === 'sql')
  const others = new Map(all.filter(fix => fix.kind !== 'sql').map(fix => [fix.title, fix]))
  const severity = SEVERITIES.find(level => rest.some(finding => finding.severity === level))!
  const common: FindingDraft = {
    severity,
    subject,
    title: `${rest.length} ${subject}`,
    detail: `Each is like the ones reported by themselves: ${rest.map(finding => finding.subject).join(', ')}.`,
    evidence: [{label: 'objects', value: rest.length, unit: 'count', source: 'pg_catalog'}],
    confidence: rest[0]!.confidence,
    fixes: [...(fixes.length > 0 ? [together(fixes)] : []), ...others.values()],
  }
  return [...findings.slice(0, ALONE), common]
}

const together = (fixes: SqlFix[]): SqlFix => ({
  kind: 'sql',
  title: `All ${fixes.length} of them, one after the other`,
  statements: fixes.flatMap(fix => fix.statements),
  undo: fixes.flatMap(fix => fix.undo),
  lock: [...new Set(fixes.map(fix => fix.lock))].join(' '),
  ...noteOf(fixes),
})

function noteOf(fixes: SqlFix[]): {note?: string} {
  const note = [...new Set(fixes.map(fix => fix.note).filter(Boolean))].join(' ')
  return note ? {note} : {}
}
