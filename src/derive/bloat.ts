import type {ColumnStatistics, Section, Server, Table} from '../snapshot.js'
import {qualified, quoteIdent} from '../sql/quote.js'
import {readGrant} from '../sql/read-grant.js'

const PAGE_BYTES = 8192
const PAGE_HEADER = 24
const LINE_POINTER = 4
const MAX_ALIGN = 8
/** HeapTupleHeaderData without its padding; the NULL bitmap follows. */
const HEAP_HEADER = 23
const INDEX_HEADER = 8
/** Index tuples have a bitmap for all 32 possible columns, or none. */
const INDEX_HEADER_WITH_NULLS = 16
/** BTPageOpaqueData */
const BTREE_SPECIAL = 16
/** varlena of up to 126 bytes have a header of one byte and are not aligned */
const SHORT_VARLENA = 127

const align = (bytes: number) => Math.ceil(bytes / MAX_ALIGN) * MAX_ALIGN

/** Where the next value can begin: `residue` modulo `modulus`; a modulus of 1 says that nothing is known. */
type Offset = {residue: number; modulus: number}

type RowSize = {data: number /** share of rows with at least one NULL */; withNulls: number; isFixed: boolean}

/**
 * Mean bytes of a row's values with the padding between them, as ANALYZE saw them; null: not analyzed. The padding
 * is what simple estimates leave out: an int before a bigint costs four bytes in each row.
 */
function rowSize({widths, nullFractions, lengths, alignments, hasUnstored}: ColumnStatistics): RowSize | null {
  let at: Offset = {residue: 0, modulus: MAX_ALIGN}
  let data = 0
  let withoutNulls = hasUnstored ? 0 : 1
  for (const [i, width] of widths.entries()) {
    const nulls = nullFractions[i] ?? null
    if (width === null || nulls === null) return null
    const isPacked = lengths[i]! < 0 && width < SHORT_VARLENA
    const {padding, next} = place(at, width, isPacked ? 1 : alignments[i]!, lengths[i]! < 0)
    data += (1 - nulls) * (padding + width)
    withoutNulls *= 1 - nulls
    at = nulls === 0 ? next : nulls === 1 ? at : common(at, next)
  }
  const isFixed = lengths.every(length => length > 0) && (withoutNulls === 0 || withoutNulls === 1)
  return {data: data + place(at, 0, MAX_ALIGN, false).padding, withNulls: 1 - withoutNulls, isFixed}
}

function place({residue, modulus}: Offset, width: number, to: number, varies: boolean) {
  const known = Math.min(to, modulus)
  // Beyond what is known, half of the possible padding.
  const padding = ((known - (residue % known)) % known) + (to - known) / 2
  const aligned = to >= modulus ? {residue: 0, modulus: to} : {residue: residue + padding, modulus}
  const next = varies
    ? {residue: 0, modulus: 1}
    : {residue: (aligned.residue + width) % aligned.modulus, modulus: aligned.modulus}
  return {padding, next}
}

/** What holds in both cases. */
function common(a: Offset, b: Offset): Offset {
  let modulus = Math.min(a.modulus, b.modulus)
  while (modulus > 1 && a.residue % modulus !== b.residue % modulus) modulus /= 2
  return {residue: a.residue % modulus, modulus}
}

/** A whole page holds whole rows only: on average half a row is left over when their sizes vary. */
function pagesFor(rows: number, bytes: number, usable: number, isFixed: boolean): number {
  const whole = isFixed ? Math.floor(usable / bytes) : (usable - bytes / 2) / bytes
  return Math.ceil(rows / Math.max(1, whole))
}

/** Bytes of a freshly written heap with these rows; null: not analyzed. */
export function heapBytes(rows: number, statistics: ColumnStatistics, fillfactor = 100): number | null {
  if (rows === 0) return 0
  const row = rowSize(statistics)
  if (!row) return null
  const header = align(HEAP_HEADER)
  const withBitmap = align(HEAP_HEADER + Math.ceil(statistics.widths.length / 8))
  const tuple = header + row.withNulls * (withBitmap - header) + row.data + LINE_POINTER
  const usable = PAGE_BYTES - PAGE_HEADER - (PAGE_BYTES * (100 - fillfactor)) / 100
  return pagesFor(rows, tuple, usable, row.isFixed) * PAGE_BYTES
}

/** Bytes of a freshly built btree with these entries, each value stored by itself (since 13 equal ones share a key). */
export function btreeBytes(entries: number, statistics: ColumnStatistics, fillfactor = 90): number | null {
  if (entries === 0) return PAGE_BYTES
  const row = rowSize(statistics)
  if (!row) return null
  const header = INDEX_HEADER + row.withNulls * (INDEX_HEADER_WITH_NULLS - INDEX_HEADER)
  const tuple = header + row.data + LINE_POINTER
  const usable = (PAGE_BYTES - PAGE_HEADER - BTREE_SPECIAL) * (fillfactor / 100) - tuple
  const leaves = pagesFor(entries, tuple, usable, row.isFixed)
  // Upper levels: one entry for each page below.
  return (leaves * (1 + (1.1 * tuple) / usable) + 1) * PAGE_BYTES
}

export type Doubt = 'hidden' | 'never analyzed' | 'stale'

/** Why sizes and widths of this table, or of its index, prove nothing; null: they may be trusted. */
export function doubtOf(table: Table, statistics: ColumnStatistics, maxModified: number): Doubt | null {
  const rows = table.rowsEstimate
  if (rows < 0 || (table.pages === 0 && table.liveRows + table.deadRows > 0)) return 'never analyzed'
  if (table.modifiedSinceAnalyze > (maxModified / 100) * rows) return 'stale'
  if (rows === 0) return null
  if (!statistics.isVisible) return 'hidden'
  return rowSize(statistics) === null ? 'never analyzed' : null
}

/** At least this large, by the counters when the catalog was never told (28 bytes is the smallest row there is). */
export const heapFileBytes = ({pages, liveRows, deadRows}: Table): number =>
  Math.max(pages * PAGE_BYTES, (liveRows + deadRows) * (align(HEAP_HEADER) + LINE_POINTER))

export type Doubted = {table: Table; doubt: Doubt}

/** What a rule says when it found nothing, but could not look at everything. */
export function cannotJudge(doubted: Doubted[], server: Server): {cannotJudge: string; cure?: string} {
  const tables = [...new Map(doubted.map(each => [each.table.oid, each])).values()]
  const [first] = tables
  const name = qualified(first!.table.schema, first!.table.name)
  const others = tables.length > 1 ? ` and ${tables.length - 1} more` : ''
  const isHidden = tables.some(({doubt}) => doubt === 'hidden')
  const reason = isHidden ? 'are hidden from this role' : `are missing or older than most of its rows (${first!.doubt})`
  const schemas = [...new Set(tables.map(({table}) => table.schema))]
  // Row security hides them even from roles that may read the tables.
  const isRowSecurity = isHidden && (server.isSuperuser || server.memberOf.includes('pg_read_all_data'))
  return {
    cannotJudge: `the column statistics of ${name}${others} ${reason}`,
    ...(isRowSecurity
      ? {}
      : {cure: isHidden ? readGrant(server.versionNum, quoteIdent(server.user), schemas) : `ANALYZE ${name};`}),
  }
}

/** By relation; empty when the section could not be read. */
export const statisticsOf = (section: Section<ColumnStatistics[]>): Map<number, ColumnStatistics> =>
  new Map(section.ok ? section.data.map(row => [row.oid, row]) : [])
