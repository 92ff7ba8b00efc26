import type {Report} from '../report.js'
import type {Snapshot, StatementsInfo} from '../snapshot.js'
import {loadParser} from '../sql/parse.js'
import {gapsOf, isAllRead, missingSection} from './gaps.js'
import {headlineOf} from './headline.js'
import {type Labelled, labelsByQueryid, labelsOf} from './labels.js'
import {type Rates, ratesOf, windowOf} from './rates.js'
import {readable, shownTable} from './readable.js'
import {type Entries, type Entry, entriesOf, percent} from './statements.js'
import {tableLabels} from './table-labels.js'
import type {Sort, Totals, WorkloadReport, WorkloadRow} from './types.js'

export type WorkloadOptions = {sort: Sort; top: number}

/** Longer ones are cut before they are made readable: nobody reads on. */
const READABLE = 4000
/** The size that PostgreSQL is compiled with, where the setting is hidden. */
const BLOCK_SIZE = 8192

/**
 * The workload of the connected database at a glance. `report` tells what the statements are: its findings of the rules
 * in WORKLOAD_RULES. Pure but for loading the SQL parser.
 */
export async function workloadReport(
  snapshot: Snapshot,
  report: Report,
  {sort, top}: WorkloadOptions,
): Promise<WorkloadReport> {
  const {sections} = snapshot
  const {server, statements, statementTexts, statementsInfo} = sections
  const base = baseOf(snapshot, sort)
  const info = statementsInfo.ok ? statementsInfo.data : null
  if (!server.ok || !statements.ok) return {...base, ...nothing(sections, info), notes: report.warnings}
  // Without the parser the labels that need it are missing, and the report says so.
  await loadParser().catch(() => {})
  const texts = statementTexts.ok ? statementTexts.data : []
  const read = entriesOf(statements.data, texts, server.data.database)
  const ofTables = tableLabels(snapshot, report)
  const byQueryid = labelsByQueryid(report)
  const all = read.entries.map(entry => ({entry, labels: [...labelsOf(entry, byQueryid), ...ofTables(entry)]}))
  const totals = totalsOf(read, info, statements.data.length)
  const size = sections.settings.ok ? sections.settings.data.find(({name}) => name === 'block_size') : undefined
  const blockSize = Number(size?.value ?? BLOCK_SIZE)
  const models = sections.application.ok ? sections.application.data.djangoModels : []
  const context = {totals, blockSize, models, rates: ratesOf(snapshot.window), sort, whole: wholeOf(all, sort, totals)}
  const sorted = [...all].sort((a, b) => amountOf(b.entry, sort) - amountOf(a.entry, sort) || byName(a.entry, b.entry))
  const rows = sorted.slice(0, top).map((each, at) => rowOf(each, at + 1, context))
  return {
    ...base,
    totals,
    headline: headlineOf({all, rows, totals, statistics: base.statistics, sort}),
    rows,
    rest: restOf(rows, totals),
    ...gapsOf({snapshot, report, read, sort, totals, usesModels: rows.some(row => isModelled(row, models))}),
  }
}

function baseOf({sections: {statementsInfo}, tool, target, collectedAt, window}: Snapshot, sort: Sort) {
  const since = statementsInfo.ok ? statementsInfo.data.statsReset : null
  const statistics = {since, seconds: since === null ? null : Math.max(0, collectedAt - since)}
  return {
    format: 'ahsp-db/queries' as const,
    version: 1 as const,
    tool,
    target,
    collectedAt,
    statistics,
    window: windowOf(window),
    sort,
  }
}

/** Why there is no workload to show. */
function nothing(sections: Snapshot['sections'], info: StatementsInfo | null) {
  const gap = missingSection(sections)
  const totals = {statements: info?.entries ?? 0, calls: info?.totalCalls ?? 0, totalMs: info?.totalMs ?? 0}
  const headline = `CANNOT SHOW the workload: ${gap?.text}`
  return {headline, totals, rows: [], rest: totals, gaps: gap ? [gap] : []}
}

type Models = {app: string; model: string}[]
type Context = {
  totals: Totals
  blockSize: number
  models: Models
  rates: Rates
  sort: Sort
  whole: number
}

const isModelled = ({tables}: WorkloadRow, models: Models) =>
  tables.some(name => models.some(({app}) => name.startsWith(`${app}.`)))

/** Of the clients of this database; where not all was read, all that was counted less what belongs elsewhere. */
function totalsOf({entries, elsewhere, nested}: Entries, info: StatementsInfo | null, fetched: number): Totals {
  const sum = (what: 'calls' | 'totalMs') => entries.reduce((all, entry) => all + entry[what], 0)
  const statements = entries.reduce((all, {queryids}) => all + queryids.length, 0)
  if (info === null || isAllRead(info, fetched)) return {statements, calls: sum('calls'), totalMs: sum('totalMs')}
  const left = (all: number, what: 'calls' | 'totalMs') => Math.max(sum(what), all - elsewhere[what] - nested[what])
  return {statements, calls: left(info.totalCalls, 'calls'), totalMs: left(info.totalMs, 'totalMs')}
}

/** What the statements are sorted by, in its own unit. */
function amountOf(entry: Entry, sort: Sort): number {
  if (sort === 'mean') return entry.calls > 0 ? entry.totalMs / entry.calls : 0
  if (sort === 'wal') return entry.walBytes ?? 0
  return {time: entry.totalMs, calls: entry.calls, temp: entry.tempBlocks, rows: entry.rows}[sort]
}

const byName = (a: Entry, b: Entry) => b.totalMs - a.totalMs || (a.queryids[0] ?? '').localeCompare(b.queryids[0] ?? '')

/** What is 100 percent: of mean times the largest, of the others the sum. */
function wholeOf(all: readonly Labelled[], sort: Sort, totals: Totals): number {
  if (sort === 'time') return totals.totalMs
  if (sort === 'calls') return totals.calls
  const values = all.map(({entry}) => amountOf(entry, sort))
  return sort === 'mean' ? values.reduce((a, b) => Math.max(a, b), 0) : values.reduce((a, b) => a + b, 0)
}

function rowOf({entry, labels}: Labelled, rank: number, context: Context): WorkloadRow {
  const {totals, blockSize, models, rates, sort, whole} = context
  const {queryids, users, text, calls, totalMs, rows, tempBlocks, walBytes, facts} = entry
  return {
    rank,
    queryids,
    members: queryids.length,
    users,
    text,
    readable:
      text === null ? '' : readable(text.slice(0, READABLE), facts.tables, facts.shape?.relations ?? [], models),
    tables: [...new Set(facts.tables.map(table => shownTable(table, models)))],
    kind: facts.kind,
    labels,
    calls,
    totalMs,
    meanMs: calls > 0 ? totalMs / calls : 0,
    rows,
    rowsPerCall: calls > 0 ? rows / calls : 0,
    tempBytes: tempBlocks * blockSize,
    walBytes,
    share: percent(amountOf(entry, sort), whole),
    timeShare: percent(totalMs, totals.totalMs),
    callShare: percent(calls, totals.calls),
    now: rates(queryids),
  }
}

function restOf(rows: readonly WorkloadRow[], totals: Totals): Totals {
  const sum = (of: (row: WorkloadRow) => number) => rows.reduce((all, row) => all + of(row), 0)
  return {
    statements: totals.statements - sum(({members}) => members),
    calls: Math.max(0, totals.calls - sum(({calls}) => calls)),
    totalMs: Math.max(0, totals.totalMs - sum(({totalMs}) => totalMs)),
  }
}
