import {heightOf} from './btree.js'

/** What the size of an index depends on; widths in bytes, `distinct` values together with a share of nulls. */
export type IndexFacts = {
  method: string
  rows: number
  /** pages of the table, for BRIN */
  tablePages: number
  keys: {width: number; distinct: number; type: string}[]
  includeWidths: number[]
  isUnique: boolean
  /** equal keys are equal in all their bytes, so that they are stored once */
  canDeduplicate: boolean
}

const USABLE = 8152
const LEAF_FILL = 0.9
const LINE_POINTER = 4
const TUPLE_HEADER = 8
const TID = 6
/** CREATE INDEX makes posting lists no longer than a tenth of a page. */
const POSTING_LIMIT = 812

const align = (bytes: number) => Math.ceil(bytes / 8) * 8
const sum = (numbers: number[]) => numbers.reduce((total, number) => total + number, 0)

export const keyBytes = ({keys}: Pick<IndexFacts, 'keys'>) => sum(keys.map(({width}) => width))

/** Pages of 8 kB that a freshly built index takes. */
export function indexPages(facts: IndexFacts): number {
  if (facts.method === 'btree') return btreePages(facts)
  if (facts.method === 'gin') return ginPages(facts)
  if (facts.method === 'brin') {
    const perRange = TUPLE_HEADER + 2 * keyBytes(facts) + LINE_POINTER
    return 3 + Math.ceil(((facts.tablePages / 128) * perRange) / USABLE)
  }
  if (facts.method === 'hash') return 4 + Math.ceil((facts.rows * (TUPLE_HEADER + 8 + LINE_POINTER)) / (0.75 * USABLE))
  const tuple = TUPLE_HEADER + align(keyBytes(facts)) + LINE_POINTER
  return 1 + Math.ceil((facts.rows * tuple) / (0.7 * USABLE))
}

function btreePages(facts: IndexFacts): number {
  const leaves = Math.max(1, Math.ceil(leafBytes(facts) / (LEAF_FILL * USABLE)))
  const fanout = Math.max(2, Math.floor((0.7 * USABLE) / (align(keyBytes(facts)) + TUPLE_HEADER + LINE_POINTER)))
  let inner = 0
  for (let level = leaves; level > 1; inner += level) level = Math.ceil(level / fanout)
  return 1 + leaves + inner
}

function leafBytes({rows, keys, includeWidths, isUnique, canDeduplicate}: IndexFacts): number {
  const tuple = TUPLE_HEADER + align(keyBytes({keys}) + sum(includeWidths))
  const distinct = Math.min(
    rows,
    keys.reduce((product, key) => product * Math.max(1, key.distinct), 1),
  )
  const perKey = distinct > 0 ? rows / distinct : 1
  if (isUnique || !canDeduplicate || includeWidths.length > 0 || perKey <= 1) return rows * (tuple + LINE_POINTER)
  const perPosting = Math.max(1, Math.floor((POSTING_LIMIT - tuple) / TID))
  const postings = Math.ceil(perKey / perPosting)
  const tids = perKey / postings
  return distinct * postings * (align(tuple + (tids > 1 ? tids * TID : 0)) + LINE_POINTER)
}

/** Bytes of a value for each key that GIN takes out of it. */
const BYTES_PER_ELEMENT: Record<string, number> = {jsonb: 12, tsvector: 9, text: 1, 'character varying': 1}
/** Compressed, in a posting list among others. */
const GIN_TID = 2.5

function ginPages({rows, keys}: IndexFacts): number {
  const elements = sum(keys.map(({width, type}) => Math.max(1, width / (BYTES_PER_ELEMENT[type] ?? 8))))
  return 3 + Math.ceil((rows * elements * GIN_TID + rows) / (LEAF_FILL * USABLE))
}

export {heightOf}
