import type {Index, Snapshot, Table} from '../../snapshot.js'
import {bytes, number, seconds} from '../units.js'
import {type Html, html} from './html.js'
import type {PageInput, Section} from './page.js'
import {barred, empty, short, shownNote, table} from './parts.js'
import {sizesFigure} from './sizes-figure.js'

const TABLES = 40
const INDEXES = 20
/** PostgreSQL's own default, where the setting is hidden. */
const BLOCK_SIZE = 8192

/** What is large, and what of it is dead. */
export function tablesSection({snapshot}: PageInput): Section | null {
  if (!snapshot) return null
  const {tables, indexes} = snapshot.sections
  const content = html`${tables.ok ? tablesHtml(snapshot.collectedAt, tables.data, tables.total ?? tables.data.length) : empty(`Tables could not be read: ${tables.message}.`)}
${indexes.ok && indexes.data.length > 0 && indexesHtml(indexes.data, indexes.total ?? indexes.data.length, blockSize(snapshot))}`
  return {id: 'tables', title: 'Tables and indexes', content}
}

export const qualified = ({schema, name}: {schema: string; name: string}): string =>
  short(schema === 'public' ? name : `${schema}.${name}`, 80)

function tablesHtml(now: number, tables: readonly Table[], total: number): Html {
  const all = tables.filter(({kind}) => kind !== 'partitioned').sort((a, b) => b.bytes - a.bytes || byName(a, b))
  if (all.length === 0) return empty('There are no tables.')
  const shown = all.slice(0, TABLES)
  const largest = shown[0]!.bytes
  return html`${sizesFigure(all)}
${table<Table>(
  'Tables by size',
  [
    {head: 'Table', cell: qualified, isWide: true},
    {
      head: 'Size with indexes',
      cell: row => barred((row.bytes / largest) * 100, bytes(row.bytes)),
      isNumber: true,
    },
    {head: 'Rows', cell: row => number(Math.max(row.liveRows, row.rowsEstimate, 0)), isNumber: true},
    {head: 'Dead rows', cell: deadCell, isNumber: true},
    {head: 'Last vacuum', cell: row => latest(now, row.lastVacuum, row.lastAutovacuum)},
    {head: 'Last analyze', cell: row => latest(now, row.lastAnalyze, row.lastAutoanalyze)},
  ],
  shown,
)}${shownNote(shown.length, Math.max(total, all.length), 'the largest')}`
}

export const deadShare = ({deadRows, liveRows}: Table): number =>
  deadRows + liveRows > 0 ? (deadRows / (deadRows + liveRows)) * 100 : 0

const deadCell = (row: Table): Html =>
  barred(deadShare(row), `${number(row.deadRows)} (${number(Math.round(deadShare(row)))} %)`, 'dead')

/** `3 d ago`, before the run. */
function latest(now: number, a: number | null, b: number | null): Html | string {
  const at = Math.max(a ?? 0, b ?? 0)
  return at > 0 ? html`<span class="when">${ago(Math.max(0, now - at))}</span>` : 'never'
}

/** The largest unit is enough. */
const ago = (age: number): string => `${seconds(Math.round(age)).split(' ').slice(0, 2).join(' ')} ago`

function indexesHtml(indexes: readonly Index[], total: number, block: number): Html {
  const shown = [...indexes].sort((a, b) => b.pages - a.pages || byName(a, b)).slice(0, INDEXES)
  const largest = Math.max(1, shown[0]!.pages)
  return html`<h3>Largest indexes</h3>
${table<Index>(
  'Indexes by size',
  [
    {head: 'Index', cell: qualified, isWide: true},
    {head: 'Table', cell: row => short(row.table, 80), isWide: true},
    {head: 'Size', cell: row => barred((row.pages / largest) * 100, bytes(row.pages * block)), isNumber: true},
    {head: 'Scans', cell: row => number(row.scans), isNumber: true},
    {
      head: 'Kind',
      cell: row => (row.isPrimary ? 'primary key' : row.isUnique ? 'unique' : row.isValid ? '' : 'invalid'),
    },
  ],
  shown,
)}${shownNote(shown.length, total, 'the largest')}`
}

const blockSize = ({sections: {settings}}: Snapshot): number =>
  Number((settings.ok && settings.data.find(({name}) => name === 'block_size')?.value) || BLOCK_SIZE)

const byName = (a: {name: string}, b: {name: string}) => (a.name < b.name ? -1 : 1)
