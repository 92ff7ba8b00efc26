import {stat} from 'node:fs/promises'
import {CliError, EXIT} from '../../errors.js'
import {number} from '../../units.js'
import type {ClientOptions, ClientRun, ClientTotals} from '../client.js'
import {type CsvEnd, csvReader} from './csv.js'
import {type TextInput, unknownFile, withText} from './input.js'
import {kindOf, type Table} from './locust-columns.js'
import {type History, historyTable} from './locust-history.js'
import {
  type Exceptions,
  exceptionsTable,
  type Failures,
  failuresTable,
  type Stats,
  statsTable,
} from './locust-tables.js'
import {timesOf} from './locust-times.js'

const SUFFIXES = ['_stats.csv', '_stats_history.csv', '_failures.csv', '_exceptions.csv']
const TABLES = {stats: statsTable, history: historyTable, failures: failuresTable, exceptions: exceptionsTable}

/** What was read; each kind of file once. */
type Found = {stats?: Stats; history?: History; failures?: Failures; exceptions?: Exceptions}

/**
 * Reads what `locust --csv PREFIX` wrote, or one of its files. Any of them may be missing or cut off: `notes` says so.
 * Throws CliError when there is none, or none that Locust wrote.
 */
export async function readLocust(prefix: string, options: ClientOptions = {}): Promise<ClientRun> {
  const {files, notes} = await filesOf(prefix)
  const found: Found = {}
  for (const file of files) notes.push(...(await withText(file, text => readFile(text, found, files.length === 1))))
  if (Object.keys(found).length === 0) throw unknownFile(prefix, 'has no file of Locust that can be read')
  return runOf(found, notes, options)
}

async function filesOf(prefix: string): Promise<{files: string[]; notes: string[]}> {
  const exists = (file: string) =>
    stat(file).then(
      found => !found.isDirectory(),
      () => false,
    )
  if (await exists(prefix)) {
    const whole = SUFFIXES.map(suffix => [suffix, prefix.slice(0, -suffix.length)] as const)
    const base = whole.find(([suffix, start]) => start && prefix.endsWith(suffix))?.[1]
    const notes = base ? [`Only this file was read: --locust ${base} reads all that Locust wrote.`] : []
    return {files: [prefix], notes}
  }
  const present = await Promise.all(SUFFIXES.map(suffix => exists(prefix + suffix)))
  const files = SUFFIXES.filter((_, i) => present[i]).map(suffix => prefix + suffix)
  if (files.length === 0) {
    throw new CliError(
      'CLIENT',
      EXIT.usage,
      `there is no ${prefix}_stats.csv, nor another file of Locust with this prefix`,
      'give what was given to locust --csv, or one of the files',
    )
  }
  const missing = SUFFIXES.filter((_, i) => !present[i] && i < 3)
  return {files, notes: missing.map(suffix => `${prefix}${suffix} is missing.`)}
}

/** Reads one file into `found`; the notes on it. Throws CliError when it is the only one and none of Locust's. */
async function readFile(text: TextInput, found: Found, only: boolean): Promise<string[]> {
  const notes: string[] = []
  let table: Table | null = null
  let header: string[] | null = null
  let malformed = 0
  const reader = csvReader(
    fields => {
      if (!header) {
        header = fields
        const kind = kindOf(fields)
        if (kind && found[kind]) notes.push(`${text.name} has the same columns as another file: left out.`)
        else if (kind) table = Object.assign(found, {[kind]: TABLES[kind](fields)})[kind] as Table
      } else if (table && (fields.length !== table.columns.count || !table.row(fields))) malformed += 1
    },
    () => header?.length ?? -1,
  )
  await text.each(piece => reader.push(piece))
  const end = reader.end()
  if (!header || !kindOf(header)) {
    const what = text.head === '' ? 'is empty' : !header ? 'breaks off in its header' : 'has no header of Locust'
    if (only) throw unknownFile(text.name, what)
    notes.push(`${text.name} ${what}: left out.`)
    return notes
  }
  if (malformed > 0) notes.push(`${number(malformed)} rows of ${text.name} make no sense: left out.`)
  return [...notes, ...endNotes(text, end)]
}

function endNotes(text: TextInput, end: CsvEnd): string[] {
  const problem = text.problem()
  if (problem) return [`${text.name} ends too early: ${problem}.`]
  if (end.complete) return []
  const why = {
    cut: 'breaks off in line',
    quote: 'has a quote that is not closed in line',
    overlong: 'has an endless record in line',
  }
  return [`${text.name} ${why[end.reason]} ${number(end.line)}: what was whole before it is used.`]
}

function runOf(found: Found, notes: string[], options: ClientOptions): ClientRun {
  const history = found.history?.result()
  const endpoints = found.stats?.endpoints.end() ?? {items: history?.endpoints ?? [], note: null}
  const failures = found.failures?.failures.end() ?? {items: [], note: null}
  const exceptions = found.exceptions?.exceptions.end() ?? {items: [], note: null}
  const {points, ...times} = timesOf(
    history?.points ?? [],
    found.stats?.total() ?? null,
    history?.reset ?? false,
    options,
  )
  const total = totalOf(found, history?.total ?? null, notes)
  if (total.requestsPerSecond === null && times.from !== null && times.to !== null && times.to > times.from) {
    total.requestsPerSecond = points.reduce((sum, {requests}) => sum + requests, 0) / (times.to - times.from) || null
  }
  const more = [endpoints.note, failures.note, exceptions.note].filter(note => note !== null)
  return {
    tool: 'locust',
    format: formatOf(found, history?.full ?? false),
    from: times.from,
    to: times.to,
    total,
    points,
    endpoints: endpoints.items,
    failures: failures.items,
    exceptions: exceptions.items,
    thresholds: [],
    notes: [...notes, ...(history?.notes ?? []), ...more, ...versionNotes(found), ...times.notes],
  }
}

function totalOf({stats, failures}: Found, fromHistory: ClientTotals | null, notes: string[]): ClientTotals {
  const none = {requestsPerSecond: null, users: fromHistory?.users || null, mean: null, p50: null, p95: null, p99: null}
  const total = stats?.total()
  if (total) return {...total, users: fromHistory?.users || null}
  if (fromHistory) return fromHistory
  if (stats) {
    const {requests, failures: failed, endpoints} = stats.sums
    notes.push(`The row of all requests is missing: totals are the sums of the ${number(endpoints)} endpoints read.`)
    return {...none, requests, failures: failed, max: null}
  }
  notes.push('Neither _stats.csv nor _stats_history.csv could be read: the number of requests is unknown.')
  return {...none, requests: 0, failures: failures?.count() ?? null, max: null}
}

function formatOf({stats, history, failures}: Found, full: boolean): string {
  const parts = [
    stats && `stats ${stats.version}`,
    history && `stats_history ${history.version}${full ? ' --csv-full-history' : ''}`,
    failures && `failures ${failures.version}`,
  ]
  return `locust ${parts.filter(Boolean).join(', ') || 'exceptions'}`
}

function versionNotes({stats, history, failures}: Found): string[] {
  const old = stats?.version === '1.1'
  const later = history ? 'stats_history' : failures?.version === '>= 2.44' ? 'failures' : null
  return old && later ? [`stats is of Locust 1.1, ${later} of a later version: are they of the same run?`] : []
}
