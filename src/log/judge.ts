import {number} from '../units.js'
import type {Collected} from './collector.js'
import {cure} from './cure.js'
import {limitsOf} from './limits.js'
import {type Loop, medianRepetitions, mostRepetitions} from './loops.js'
import {isKeyLookup, type Kinship, kinship} from './naming.js'
import type {FileReport, LogReport, LoopKind, LoopReport, RequestReport} from './report.js'
import type {Shape} from './requests.js'
import type {Place, Statement} from './statements.js'

export type JudgeOptions = {
  /** a loop must have been seen in so many requests */
  runs: number
  /** costliest request shapes that are told */
  requests: number
}

/** Share of the runs with one value throughout that makes a loop a matter of caching. */
const CONSTANT = 0.8
/** Loops over a statement that starts requests by itself may be requests in a row. */
const STARTS_PER_CALL = 0.25
const FOLLOWED = 0.3
/** A batch job runs seldom, but long. */
const BATCH_CALLS = 100

const ORDER: LoopKind[] = ['n-plus-one', 'cache', 'batch']

/** From what was collected to the report; the same input gives the same report. */
export function judgeLog(collected: Collected, files: FileReport[], options: JudgeOptions): LogReport {
  const {totals} = collected
  const placeText = ({file, line}: Place) => `${files[file]?.name ?? '?'}:${line}`
  const tables = [...new Set(collected.statements.flatMap(({facts}) => facts.tables))]
  const loops = [...collected.loops.loops()]
    .flatMap(loop => loopReport(loop, collected, tables, options, placeText) ?? [])
    .sort((a, b) => ORDER.indexOf(a.kind) - ORDER.indexOf(b.kind) || b.calls - a.calls || (a.child < b.child ? -1 : 1))
  const {blocking, limits} = limitsOf(collected, files)
  return {
    schemaVersion: 1,
    verdict: verdictOf(loops, blocking, totals.statements),
    log: {
      files,
      statements: totals.statements,
      sessions: totals.withoutSession === totals.statements ? 0 : totals.sessions,
      ms: totals.timed > 0 ? totals.ms : null,
      from: clock(totals.from),
      to: clock(totals.to),
    },
    loops,
    requests: costliest(collected, options.requests, placeText),
    limits,
  }
}

const clock = (ms: number) => (Number.isFinite(ms) ? new Date(ms).toISOString().slice(0, 19).replace('T', ' ') : null)

function verdictOf(loops: LoopReport[], blocking: boolean, statements: number): LogReport['verdict'] {
  const found = loops.filter(({kind}) => kind === 'n-plus-one')
  if (found.length > 0) {
    const share = found.reduce((sum, {shareOfCalls}) => sum + shareOfCalls, 0)
    const what = found.length === 1 ? '1 loop makes' : `${found.length} loops make`
    return {status: 'found', headline: `N+1: ${what} ${percent(share)} of ${number(statements)} statements`}
  }
  if (blocking) return {status: 'cannot-judge', headline: 'CANNOT JUDGE: this log does not show what is needed'}
  return {status: 'clean', headline: `NO N+1 in ${number(statements)} statements`}
}

export const percent = (share: number) => `${number(Math.round(share * 1000) / 10)} %`

type PlaceText = (place: Place) => string

function loopReport(
  loop: Loop,
  {totals}: Collected,
  tables: string[],
  options: JudgeOptions,
  placeText: PlaceText,
): LoopReport | null {
  const parent = parentOf(loop, tables, options)
  const kind = kindOf(loop, parent, options)
  if (kind === null) return null
  const related = kind === 'n-plus-one' ? parent : null
  const isTimed = totals.timed > 0
  return {
    kind,
    child: loop.statement.text,
    parent: related && {
      text: related.statement.text,
      by: related.kinship.by,
      column: related.kinship.through ?? null,
      inLoop: related.inLoop,
    },
    runs: loop.runs,
    median: medianRepetitions(loop),
    most: mostRepetitions(loop),
    calls: loop.calls,
    shareOfCalls: loop.calls / totals.statements,
    shareOfTime: isTimed && totals.ms > 0 ? loop.ms / totals.ms : null,
    ms: isTimed ? loop.ms : null,
    place: placeText(loop.place),
    ...cure(kind, loop.statement.facts, related),
  }
}

function kindOf(loop: Loop, parent: Parent | null, options: JudgeOptions): LoopKind | null {
  const {statement, runs, calls, constantRuns, knownRuns} = loop
  const {facts} = statement
  const isOften = runs >= options.runs
  if (facts.kind === 'write') return isOften || calls >= BATCH_CALLS ? 'batch' : null
  if (facts.kind !== 'select' || facts.locks || statement.batched > statement.calls / 2) return null
  if (isSequenceOfRequests(loop, parent)) return null
  if (isOften && knownRuns > 0 && constantRuns >= CONSTANT * runs) return 'cache'
  // Without an equality it is paging or a report, not a look-up.
  if (facts.equalities.length === 0) return null
  if (parent) return 'n-plus-one'
  return isOften || calls >= BATCH_CALLS ? 'batch' : null
}

/** A busy session serves one request after the other without a pause: a look-up per request is no loop. */
function isSequenceOfRequests(loop: Loop, parent: Parent | null): boolean {
  const {statement, runs, calls, inside} = loop
  if ([...inside].some(([other, times]) => times >= runs / 2 && other.starts > runs)) return true
  const follows = parent !== null && parent.runs >= FOLLOWED * parent.statement.calls
  return statement.starts > STARTS_PER_CALL * calls && !follows
}

type Parent = {statement: Statement; runs: number; kinship: Kinship; inLoop: boolean}

function parentOf(loop: Loop, tables: string[], options: JudgeOptions): Parent | null {
  const child = loop.statement.facts
  const candidates = [
    // What finds a single row has no rows to loop over - unless it goes round in the same loop.
    ...[...loop.before].filter(([{facts}]) => !isKeyLookup(facts)).map(entry => ({entry, inLoop: false})),
    ...[...loop.inside].map(entry => ({entry, inLoop: true})),
  ]
  const related = candidates.flatMap(({entry: [statement, runs], inLoop}): Parent[] => {
    if (runs < options.runs || statement === loop.statement || statement.id === 0) return []
    const kin = kinship(child, statement.facts, tables)
    return kin ? [{statement, runs, kinship: kin, inLoop}] : []
  })
  const byName = (parent: Parent) => (parent.kinship.by === 'name' ? 0 : 1)
  return related.sort((a, b) => byName(a) - byName(b) || b.runs - a.runs || a.statement.id - b.statement.id)[0] ?? null
}

function costliest({requests, statements, totals}: Collected, limit: number, placeText: PlaceText): RequestReport[] {
  const cost = (shape: Shape) => (totals.timed > 0 ? shape.ms : shape.queries)
  return [...requests.shapes()]
    .sort((a, b) => cost(b) - cost(a) || b.queries - a.queries || a.place.line - b.place.line)
    .slice(0, limit)
    .map(({ids, repeated, count, queries, mostQueries, ms, place}) => ({
      count,
      queries,
      mostQueries,
      ms: totals.timed > 0 ? ms : null,
      place: placeText(place),
      steps: ids.map((id, i) => ({text: statements[id]!.text || '(others)', repeated: repeated[i]!})),
    }))
}
