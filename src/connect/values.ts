import type {CustomTypesConfig} from 'pg'

type Parse = (text: string) => unknown

/** JSON has no NaN and no infinity: a snapshot would not survive its round trip. */
function finite(text: string): number | null {
  const value = Number(text)
  return Number.isFinite(value) ? value : null
}

function integer(text: string): number | string {
  const value = Number(text)
  return Number.isSafeInteger(value) ? value : text
}

const boolean: Parse = text => text === 't'

const vector: Parse = text => (text === '' ? [] : text.split(' ').map(Number))

/** A one-dimensional array in PostgreSQL's text form, e.g. {1,NULL,"a,b"}. */
export function parseArray(text: string, parse: Parse): unknown[] {
  const body = text.slice(text.indexOf('{') + 1, -1)
  const elements = body.match(/"(?:\\.|[^"\\])*"|[^,]+/gs) ?? []
  return elements.map(element => {
    if (element === 'NULL') return null
    return parse(element.startsWith('"') ? element.slice(1, -1).replace(/\\(.)/gs, '$1') : element)
  })
}

const array =
  (parse: Parse): Parse =>
  text =>
    parseArray(text, parse)

const same: Parse = text => text

/** By the type's oid; all others (timestamps too) stay text. */
const PARSERS = new Map<number, Parse>([
  [16, boolean],
  [20, integer],
  [21, finite],
  [22, vector], // int2vector
  [23, finite],
  [26, finite], // oid
  [28, finite], // xid
  [30, vector], // oidvector
  [114, JSON.parse],
  [700, finite],
  [701, finite],
  [1000, array(boolean)],
  [1002, array(same)], // "char"[]
  [1003, array(same)], // name[]
  [1005, array(finite)],
  [1007, array(finite)],
  [1009, array(same)],
  [1015, array(same)],
  [1016, array(integer)],
  [1021, array(finite)],
  [1022, array(finite)],
  [1028, array(finite)], // oid[]
  [1231, array(finite)],
  [1700, finite], // numeric
  [3802, JSON.parse],
  [5069, integer], // xid8
])

export const types = {
  getTypeParser: (oid: number) => PARSERS.get(oid) ?? same,
} as CustomTypesConfig
