import type {Sort, WorkloadReport, WorkloadRow} from '../workload/types.js'
import {columns} from './style.js'
import {bytes, milliseconds, number} from './units.js'

export type QueryColumn = {
  head: string
  cell: (row: WorkloadRow) => string
  /** left-aligned */
  isText?: boolean
  /** left out first where there is no room; 0: always shown */
  spare: number
}

const BAR = 10
const GAP = 2

const bar = ({share}: WorkloadRow) => {
  const filled = Math.round((share / 100) * BAR)
  return '#'.repeat(filled).padEnd(BAR, '.')
}

/** `62.1 %`, `0.04 %`: three digits at most. */
const percentText = (value: number) => `${value >= 10 ? value.toFixed(1) : value.toPrecision(2)} %`
const share = (value: number) => (value === 0 ? '0 %' : value < 0.01 ? '<0.01 %' : percentText(value))

const HEADS: Record<Sort, string> = {
  time: 'time',
  calls: 'of calls',
  mean: 'of max',
  temp: 'of temp',
  wal: 'of WAL',
  rows: 'of rows',
}

/** What the statements are sorted by, where no other column tells it. */
const AMOUNTS: Partial<Record<Sort, QueryColumn>> = {
  temp: {head: 'temp', cell: ({tempBytes}) => bytes(tempBytes), spare: 0},
  wal: {head: 'WAL', cell: ({walBytes}) => (walBytes === null ? '?' : bytes(walBytes)), spare: 0},
  rows: {head: 'rows', cell: ({rows}) => number(rows), spare: 0},
}

/** The numbers of a statement, as many as fit. */
export function columnsOf({rows, sort, window}: WorkloadReport, width: number): QueryColumn[] {
  const amount = AMOUNTS[sort]
  const all: QueryColumn[] = [
    {head: '#', cell: ({rank}) => String(rank), spare: 0},
    {head: '', cell: bar, isText: true, spare: 1},
    {head: HEADS[sort], cell: row => share(row.share), spare: 0},
    ...(sort === 'time' ? [] : [{head: 'time', cell: (row: WorkloadRow) => share(row.timeShare), spare: 0}]),
    {head: 'calls', cell: ({calls}) => number(calls), spare: 0},
    {head: 'mean', cell: ({meanMs}) => milliseconds(meanMs), spare: 0},
    {head: 'rows/call', cell: ({rowsPerCall}) => number(rowsPerCall), spare: 0},
    ...(amount ? [amount] : []),
    ...(window ? [{head: 'calls/s now', cell: nowText, spare: 0}] : []),
    {head: 'kind', cell: ({kind}) => kind, isText: true, spare: 2},
  ]
  return fitting(all, rows, width)
}

const nowText = ({now}: WorkloadRow) => (now === null ? '?' : number(now.calls))

function fitting(all: QueryColumn[], rows: readonly WorkloadRow[], width: number): QueryColumn[] {
  const needed = all.reduce(
    (sum, {head, cell}) => sum + GAP + Math.max(head.length, ...rows.map(row => columns(cell(row)))),
    -GAP,
  )
  const spare = Math.max(...all.map(each => each.spare))
  if (needed <= width || spare === 0) return all
  return fitting(
    all.filter(each => each.spare !== spare),
    rows,
    width,
  )
}
