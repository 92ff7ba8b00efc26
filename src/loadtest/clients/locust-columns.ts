import {countOf, numberOf} from './values.js'

export type Kind = 'stats' | 'history' | 'failures' | 'exceptions'

/** Names that tell the files of Locust apart; those of one file are in no other. */
const TELLING: [Kind, string[]][] = [
  ['history', ['timestamp', 'user count', 'name']],
  ['stats', ['type', 'name', 'request count']],
  ['failures', ['name', 'error', 'occurrences']],
  ['exceptions', ['count', 'message', 'traceback']],
]

/** The columns of one file, by their names in its header. */
export type Columns = {
  count: number
  has(name: string): boolean
  text(fields: string[], name: string): string
  number(fields: string[], name: string): number | null
  whole(fields: string[], name: string): number | null
}

export function columnsOf(header: string[]): Columns {
  const index = new Map(header.map((name, i) => [name.trim().toLowerCase(), i]))
  const at = (fields: string[], name: string) => fields[index.get(name.toLowerCase()) ?? -1]
  return {
    count: header.length,
    has: name => index.has(name.toLowerCase()),
    text: (fields, name) => at(fields, name) ?? '',
    number: (fields, name) => numberOf(at(fields, name)),
    whole: (fields, name) => countOf(at(fields, name)),
  }
}

export function kindOf(header: string[]): Kind | null {
  const columns = columnsOf(header)
  return TELLING.find(([, names]) => names.every(columns.has))?.[0] ?? null
}

/** The row of all requests together; an endpoint may have this name too, but not without a type. */
export const isAggregated = (columns: Columns, fields: string[]): boolean =>
  columns.text(fields, 'Type') === '' && columns.text(fields, 'Name') === 'Aggregated'

/** Reads one file, row by row. `row` is false when the row makes no sense. */
export type Table = {kind: Kind; version: string; columns: Columns; row(fields: string[]): boolean}
