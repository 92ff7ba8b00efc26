import {number, seconds} from '../units.js'
import type {Labelled} from './labels.js'
import {percent} from './statements.js'
import type {LabelKind, Sort, Totals, WorkloadReport, WorkloadRow} from './types.js'

/** From this share on something is worth a place in the first sentence. */
const NOTABLE = 10
/** From this share of the time on a single statement is. */
const DOMINANT = 30

type Input = {
  all: readonly Labelled[]
  rows: readonly WorkloadRow[]
  totals: Totals
  statistics: WorkloadReport['statistics']
  sort: Sort
}

/** How much, over which time, what the top of the list takes, and what dominates. */
export function headlineOf({all, rows, totals, statistics, sort}: Input): string {
  const {calls, totalMs} = totals
  const counted = `${count(totals.statements, 'statement')} took ${seconds(totalMs / 1000)} in ${count(calls, 'call')}`
  const time = statistics.seconds === null ? 'since an unknown time' : `in the last ${seconds(statistics.seconds)}`
  if (rows.length === 0 || calls === 0) return `No statement was counted in this database ${time}.`
  const what = dominators(all, totals)
  const end = what.length > 0 ? `: ${what.join(', ')}` : ''
  return `${counted}, ${time}. ${topText(rows, sort)}${end}.`
}

export const count = (value: number, noun: string): string => `${number(value)} ${noun}${value === 1 ? '' : 's'}`

const whole = (share: number) => `${number(share < 1 ? share : Math.round(share))} %`

function topText(rows: readonly WorkloadRow[], sort: Sort): string {
  const sum = (what: 'share' | 'timeShare') =>
    Math.min(
      100,
      rows.reduce((all, row) => all + row[what], 0),
    )
  const top = rows.length === 1 ? 'The first' : `The top ${rows.length}`
  const verb = rows.length === 1 ? 'takes' : 'take'
  if (sort === 'time') return `${top} ${verb} ${whole(sum('share'))} of the time`
  if (sort === 'mean') return `The ${rows.length} slowest take ${whole(sum('timeShare'))} of the time`
  const noun = {calls: 'the calls', temp: 'the temporary files', wal: 'the WAL', rows: 'the rows'}[sort]
  return `${top} ${verb} ${whole(sum('share'))} of ${noun}`
}

type Share = {share: number; text: string}

/** What most calls are, and where most of the time goes: each in one part of a sentence. */
function dominators(all: readonly Labelled[], totals: Totals): string[] {
  const having = (...kinds: LabelKind[]) => all.filter(({labels}) => labels.some(({kind}) => kinds.includes(kind)))
  const time = (those: readonly Labelled[]) => percent(sumOf(those, 'totalMs'), totals.totalMs)
  const calls = (those: readonly Labelled[]) => percent(sumOf(those, 'calls'), totals.calls)
  const loops = having('n-plus-one child')
  const loopText = some(subjectsOf(loops), 'N+1 loop', 'N+1 loops')
  const sessions = having('session')
  const cacheable = having('cacheable')
  // Of a join it is not known how much of its time one table takes.
  const scans = having('missing index', 'whole table').filter(({entry}) => entry.facts.tables.length === 1)
  const catalog = all.filter(({entry}) => entry.facts.kind === 'catalog')
  const byCalls = [
    {share: calls(loops), text: `of all calls are ${loopText}`},
    {share: calls(sessions), text: 'of all calls read or write web sessions'},
  ]
  const byTime = [
    {share: time(loops), text: loopText},
    {
      share: time(cacheable),
      text: some(cacheable, 'aggregate that a cache could keep', 'aggregates that a cache could keep'),
    },
    {share: time(scans), text: some(scans, 'statement that misses an index', 'statements that miss an index')},
    {share: time(sessions), text: 'web sessions'},
    {share: time(catalog), text: 'the system catalogs (monitoring, drivers)'},
  ].map(({share, text}) => ({share, text: `of the time goes into ${text}`}))
  const found = [...largest(byCalls), ...largest(byTime)].map(({share, text}) => `${whole(share)} ${text}`)
  const first = Math.max(0, ...all.map(({entry}) => percent(entry.totalMs, totals.totalMs)))
  return found.length === 0 && first >= DOMINANT ? [`one statement alone ${whole(first)}`] : found
}

const largest = (shares: readonly Share[]): Share[] =>
  shares
    .filter(({share}) => share >= NOTABLE)
    .sort((a, b) => b.share - a.share)
    .slice(0, 1)

const some = (all: readonly unknown[], one: string, more: string) =>
  all.length === 1 ? `one ${one}` : `${number(all.length)} ${more}`

const sumOf = (those: readonly Labelled[], what: 'calls' | 'totalMs') =>
  those.reduce((all, {entry}) => all + entry[what], 0)

/** By findings: two statements of one loop are one loop. */
function subjectsOf(all: readonly Labelled[]): string[] {
  const subjects = all.flatMap(({labels}) =>
    labels.flatMap(({kind, finding}) => (kind === 'n-plus-one child' && finding ? [finding.subject] : [])),
  )
  return [...new Set(subjects)]
}
