import type {IndexKey} from '../whatif/planner.js'
import {bySelectivity, columnOf} from './catalog.js'
import {indexKey} from './definition.js'
import type {Key, OrderKey, Reference, Term} from './reference.js'

const MAX_KEYS = 4
/** Of many AND-ed equalities the most selective ones suffice. */
const MAX_EQUAL = 3

/** The lists of key columns that could serve a table's terms: equalities first, then one thing that is ordered. */
export function keyLists(reference: Reference): IndexKey[][] {
  const heads = headsOf(reference)
  const tails = tailsOf(reference)
  const lists = [
    ...heads.flatMap(head => tails.map(tail => joined(head, tail))),
    ...heads.map(head => joined(head, [])),
    ...tails,
  ]
  const known = new Map(lists.filter(({length}) => length > 0).map(list => [JSON.stringify(list), list]))
  return [...known.values()]
}

/** A column stands in an index once, and four columns are the most. */
function joined(head: readonly IndexKey[], tail: readonly IndexKey[]): IndexKey[] {
  const fixed = new Set(head.map(({sql}) => sql))
  return [...head, ...tail.filter(({sql}) => !fixed.has(sql))].slice(0, MAX_KEYS)
}

const keysOf = (terms: readonly Term[], ...kinds: Term['kind'][]): Key[] => {
  const found = terms.flatMap(term => (kinds.includes(term.kind) && 'key' in term ? [term.key] : []))
  return [...new Map(found.map(key => [key.sql, key])).values()]
}

/** What is one value while the index is read: equalities, and the columns by which it is joined. */
function headsOf({table, terms}: Reference): IndexKey[][] {
  const equal = keysOf(terms, 'equal').sort(bySelectivity(table)).slice(0, MAX_EQUAL)
  const joins = keysOf(terms, 'join').sort(bySelectivity(table)).slice(0, MAX_KEYS)
  const singles = [...equal, ...joins].map(key => [key])
  const pairs = equal.flatMap((first, at) => equal.slice(at + 1).map(second => [first, second]))
  const mixed = joins.flatMap(join =>
    equal.flatMap(each => [
      [join, each],
      [each, join],
    ]),
  )
  const ofJoins = joins.flatMap(first => joins.filter(second => second !== first).map(second => [first, second]))
  const all = [...(equal.length > 0 ? [equal] : []), ...(joins[0] ? [[joins[0], ...equal]] : [])]
  return [...all, ...singles, ...pairs, ...mixed, ...ofJoins].map(keys => keys.map(key => indexKey(key)))
}

/** What may follow: a range, a list, the beginning of a text, an order, the groups. */
function tailsOf(reference: Reference): IndexKey[][] {
  const {table, terms, group, extremes} = reference
  const order = reference.order.map(key => indexKey(withoutNulls(key, reference)))
  const ranges = keysOf(terms, 'range', 'list').map(key => [indexKey(key)])
  const prefixes = keysOf(terms, 'prefix').map(key => {
    const isC = !key.isExpression && columnOf(table, key.columns[0]!)?.isCollationC
    return [indexKey(key, isC ? undefined : 'text_pattern_ops')]
  })
  const keysets = terms.flatMap(term => (term.kind === 'keyset' ? [term.keys.map(key => indexKey(key))] : []))
  const sorted = order.length > 0 ? [order] : []
  const both = sorted.flatMap(keys => ranges.flatMap(range => [joined(keys, range), joined(range, keys)]))
  const pairs = ranges.flatMap(a => ranges.filter(b => b !== a).map(b => joined(a, b)))
  const groups = group.length > 0 ? [group.map(key => indexKey(key))] : []
  const ends = extremes.map(key => [indexKey(key)])
  return [...sorted, ...both, ...keysets, ...ranges, ...prefixes, ...ends, ...groups, ...pairs]
}

/** Where a column has no NULLs, the default place for them serves other statements too. */
function withoutNulls(key: OrderKey, {table}: Reference): OrderKey {
  const column = key.isExpression ? undefined : columnOf(table, key.columns[0]!)
  return column?.isNullable === false ? {...key, nullsFirst: key.descending} : key
}
