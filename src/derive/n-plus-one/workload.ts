import {shapeOf} from '../../sql/parse.js'
import type {Shape} from '../../sql/shape.js'
import type {Query} from '../queries.js'
import {type Family, familiesOf} from './families.js'
import type {Baseline} from './identity.js'
import {type Lookup, lookupsOf} from './lookups.js'
import {type Parent, parentFor, type Source, sourcesOf} from './parents.js'
import type {KeyColumn, Schema} from './references.js'

/** The statements of an application, by the part that they could have in a loop. */
export type Workload = {
  lookups: {family: Family; readings: Lookup[]}[]
  sources: Source[]
  baselines: Baseline[]
  /** statements whose text does not parse */
  unread: Query[]
  read: number
}

/** Reads the texts; the parser must be loaded. */
export function readWorkload(queries: readonly Query[], schema: Schema): Workload {
  const read: {query: Query; shape: Shape}[] = []
  const unread: Query[] = []
  for (const query of queries) {
    const shape = shapeOf(query.text)
    if (shape) read.push({query, shape})
    else unread.push(query)
  }
  const single = familiesOf(read, false)
  return {
    lookups: single
      .map(family => ({family, readings: lookupsOf(family, schema)}))
      .filter(({readings}) => readings.length > 0),
    sources: sourcesOf(familiesOf(read, true), schema),
    baselines: single
      .filter(family => isBaseline(family, schema))
      .map(({text, queryids, calls}) => ({text, queryids, calls})),
    unread,
    read: read.length,
  }
}

/** At most one row by a unique value that leads nowhere: a session's key, a token, a name. Requests begin with such. */
function isBaseline({shape, rows, calls}: Family, schema: Schema): boolean {
  const {equals, locks, aggregate, relations} = shape
  if (locks || aggregate !== null || relations.length !== 1 || rows > calls) return false
  const columns = equals.flatMap(column => schema.columnsOf(column, relations))
  const leadsOn = (column: KeyColumn) =>
    schema.referencesFrom(column).length > 0 || schema.referencesTo(column).length > 0
  return columns.some(column => schema.isKey(column)) && !columns.some(leadsOn)
}

/** Look-ups that some other statement could loop with. */
export type Candidate = {family: Family; readings: {lookup: Lookup; parents: Parent[]}[]}

export const candidatesOf = (workload: Workload, schema: Schema, minCalls: number): Candidate[] =>
  workload.lookups
    .filter(({family}) => family.calls >= minCalls)
    .map(({family, readings}) => ({
      family,
      readings: readings.map(lookup => ({lookup, parents: parentsOf(lookup, workload, schema)})),
    }))
    .filter(({readings}) => readings.some(({parents}) => parents.length > 0))

function parentsOf(lookup: Lookup, {sources}: Workload, schema: Schema): Parent[] {
  return sources.flatMap(source => parentFor(lookup, source, schema) ?? [])
}
