import type {Report} from '../report.js'
import type {Section, Snapshot} from '../snapshot.js'
import {number, seconds} from '../units.js'
import {count} from './headline.js'
import {type Entries, percent} from './statements.js'
import type {Gap, Sort, Totals, WorkloadReport} from './types.js'

type Sections = Snapshot['sections']

/** Why there is no workload to show; null: there is one. */
export function missingSection({server, statements}: Sections): Gap | null {
  return gapOf(server) ?? gapOf(statements)
}

function gapOf(section: Section<unknown>, what = ''): Gap | null {
  if (section.ok) return null
  const {message, grant} = section
  return {text: `${what}${message}`, ...(grant ? {cure: grant} : {})}
}

type Input = {
  snapshot: Snapshot
  report: Report
  read: Entries
  sort: Sort
  totals: Totals
  usesModels: boolean
}

/** What is missing, with its cure; and what a reader must know to read the rest. */
export function gapsOf(input: Input): Pick<WorkloadReport, 'gaps' | 'notes'> {
  const {sections, window} = input.snapshot
  const gaps = [
    gapOf(sections.statementTexts, 'no statement texts: '),
    gapOf(sections.statementsInfo, 'no totals: '),
    window && !window.statements ? {text: 'the statements were not watched: no rates'} : null,
    window?.statements?.wasReset ? {text: 'counters were reset or evicted meanwhile: no rates'} : null,
    ...notJudged(input.report),
  ]
  return {gaps: gaps.filter(gap => gap !== null), notes: notesOf(input)}
}

/** Each reason once, with the rules that it stopped. */
function notJudged({results}: Report): Gap[] {
  const reasons = new Map<string, {rules: string[]; cure?: string}>()
  for (const {rule, status, summary, cure} of results) {
    if (status !== 'skipped' && status !== 'error') continue
    const known = reasons.get(summary)
    reasons.set(summary, {rules: [...(known?.rules ?? []), rule], ...(cure ? {cure} : {})})
  }
  return [...reasons].map(([summary, {rules, cure}]) => ({
    text: `not judged: ${rules.join(', ')} (${summary})`,
    ...(cure ? {cure} : {}),
  }))
}

const NAMED = 3

function notesOf({snapshot, report, read, sort, totals, usesModels}: Input): string[] {
  const {statements, statementsInfo} = snapshot.sections
  const info = statementsInfo.ok ? statementsInfo.data : null
  const fetched = statements.ok ? statements.data.length : 0
  const unread = read.entries.filter(({facts, isCut}) => facts.isUnread && !isCut)
  const textless = read.entries.filter(({text}) => text === null)
  const cut = read.entries.filter(({isCut}) => isCut).flatMap(({queryids}) => queryids)
  const ids = unread.flatMap(({queryids}) => queryids)
  const elsewhere = percent(read.elsewhere.totalMs, read.elsewhere.totalMs + totals.totalMs)
  const isUncounted = sort === 'wal' && read.entries.every(({walBytes}) => walBytes === null)
  const notes = [
    ...report.warnings,
    snapshot.cutShortBy ? 'the run was cut short: this is incomplete' : '',
    info?.evictions ? `${count(info.evictions, 'time')} entries were evicted: the totals are understated` : '',
    info && info.evictions === null ? 'evictions are not counted before 14: the totals may be understated' : '',
    info && !isAllRead(info, fetched) ? limitText(fetched, info.entries, sort) : '',
    isUncounted ? `this version of pg_stat_statements does not count WAL (1.8 does)` : '',
    textless.length > 0 ? `${count(textless.length, 'statement')} without a text` : '',
    ids.length > 0
      ? `${count(ids.length, 'text')} did not parse (query ${named(ids)}): known by their words alone`
      : '',
    cut.length > 0 ? `${count(cut.length, 'text')} were too long and cut (query ${named(cut)})` : '',
    elsewhere >= 1 ? `${number(Math.round(elsewhere))} % of the server's statement time is in other databases` : '',
    read.nested.calls > 0
      ? `statements inside functions (${seconds(read.nested.totalMs / 1000)}) count with those that call them`
      : '',
    usesModels ? 'models as Django stores their names: a class may have more capitals' : '',
  ]
  return notes.filter(Boolean)
}

const named = (ids: readonly string[]) => `${ids.slice(0, NAMED).join(', ')}${ids.length > NAMED ? ', ...' : ''}`

/** Our own statements are left out of a snapshot: so many at most. */
const OWN = 60
export const isAllRead = ({entries}: {entries: number}, fetched: number): boolean => entries - fetched <= OWN

const limitText = (fetched: number, entries: number, sort: Sort) =>
  `${number(fetched)} of ${number(entries)} entries were read: the top by time, calls, rows, temporary files and mean` +
  (sort === 'wal' ? ', not by WAL' : '')
