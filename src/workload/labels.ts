import type {Finding, Report} from '../report.js'
import type {Entry} from './statements.js'
import type {Label, LabelKind} from './types.js'

/** A statement with what it is. */
export type Labelled = {entry: Entry; labels: Label[]}

/** The rules whose findings are about statements, or about tables that a statement reads. */
export const WORKLOAD_RULES = ['queries', 'indexes/foreign-key-unindexed', 'tables/seq-scan-heavy']
/** Of the same category, but about the database as a whole. */
export const OTHER_RULES = ['queries/deadlocks', 'queries/rollback-ratio']

const NAMES: Record<string, [LabelKind, string]> = {
  'queries/cacheable': ['cacheable', 'cacheable aggregate'],
  'queries/planning-heavy': ['other', 'planning-heavy'],
  'queries/temp-spill': ['other', 'temp spill'],
  'queries/too-many-rows': ['other', 'too many rows'],
  'queries/unstable': ['other', 'unstable'],
  'queries/wal-heavy': ['other', 'WAL-heavy'],
  'queries/partition-key-unused': ['other', 'reads every partition'],
  'queries/regression': ['other', 'slower than in the baseline'],
}

/** The labels of each queryid that some finding names. */
export function labelsByQueryid(report: Report): Map<string, Label[]> {
  const labels = new Map<string, Label[]>()
  const put = (queryid: string, label: Label) => labels.set(queryid, [...(labels.get(queryid) ?? []), label])
  for (const finding of report.results.flatMap(({findings}) => findings)) {
    const queryid = /^query (-?\d+)$/.exec(finding.subject)?.[1]
    if (queryid !== undefined) put(queryid, ownLabel(finding))
    else if (finding.rule === 'queries/n-plus-one') for (const [id, label] of loopLabels(finding)) put(id, label)
  }
  return labels
}

export const linked = (kind: LabelKind, text: string, {rule, subject, severity}: Finding): Label => ({
  kind,
  text,
  finding: {rule, subject, severity},
})

function ownLabel(finding: Finding): Label {
  const [kind, text] = NAMES[finding.rule] ?? ['other', finding.rule.split('/').at(-1)!.replaceAll('-', ' ')]
  return linked(kind, text, finding)
}

/** The finding names its statements as the labels of its evidence: `look-up ID, ID`, `parent ID`, `read first ID`. */
function loopLabels(finding: Finding): [string, Label][] {
  const perPage = finding.evidence.find(({label}) => label === 'look-ups per page')?.value
  const child = linked('n-plus-one child', `N+1 child${perPage ? `, ${short(perPage)} per page` : ''}`, finding)
  const parent = linked('n-plus-one parent', 'N+1 parent', finding)
  return finding.evidence.flatMap(({label}) => {
    const [, role, ids] = /^(look-up|parent|read first) ([-\d, ]+)$/.exec(label) ?? []
    if (ids === undefined) return []
    return ids.split(', ').map((id): [string, Label] => [id, role === 'look-up' ? child : parent])
  })
}

const short = (value: string | number) => (typeof value === 'number' ? Math.round(value) : value)

/** Of all members, each label once; an aggregate that is slow is a heavy one. */
export function labelsOf({queryids, facts}: Entry, byQueryid: ReadonlyMap<string, Label[]>): Label[] {
  const all = queryids.flatMap(id => byQueryid.get(id) ?? [])
  const named = all.map(label =>
    label.finding?.rule === 'queries/slow' && facts.kind === 'aggregate' ? {...label, text: 'heavy aggregate'} : label,
  )
  const isFirst = (label: Label, at: number) =>
    named.findIndex(({text, finding}) => text === label.text && finding?.subject === label.finding?.subject) === at
  return named.filter(isFirst)
}
