import type {Evidence} from '../../rule.js'
import type {StatementsInfo} from '../../snapshot.js'
import {qualified, quoteIdent} from '../../sql/quote.js'
import type {Fit, Loop} from './loops.js'

const SOURCE = 'pg_stat_statements'

export function loopSubject({lookup: {kind, subject, family}}: Loop): string {
  const name = `${qualified(subject.schema, subject.table)} (${quoteIdent(subject.column)})`
  if (kind !== 'agg') return name
  return `${family.shape.aggregate === 'other' ? 'aggregate' : 'count'} of ${name}`
}

export const meanMs = ({totalMs, calls}: {totalMs: number; calls: number}): number => totalMs / Math.max(1, calls)

const sum = (numbers: number[]) => numbers.reduce((all, each) => all + each, 0)

/** The loops that begin with the same statement: together they make the page. */
export const samePage = (loop: Loop, all: readonly Loop[]): Loop[] => all.filter(each => rootId(each) === rootId(loop))

export const rootId = (loop: Loop): string => rootOf(loop).parents[0]!.family.queryids[0]!

/** The outermost loop: its parents are what the page reads first. */
export const rootOf = (loop: Loop): Loop => (loop.outer ? rootOf(loop.outer) : loop)

/** From this loop outwards. */
const chainOf = (loop: Loop): Loop[] => [loop, ...(loop.outer ? chainOf(loop.outer) : [])]

/** Server time of one page's list with its loop, and without: one more query each, taken to cost what one look-up does. */
export function pageTimes(loop: Loop): {now: number; without: number} {
  const roots = rootOf(loop).parents.map(({family}) => family)
  const list = meanMs({totalMs: sum(roots.map(({totalMs}) => totalMs)), calls: sum(roots.map(({calls}) => calls))})
  const chain = chainOf(loop)
  return {
    now: list + sum(chain.map(({lookup, fanOut}) => fanOut * meanMs(lookup.family))),
    without: list + sum(chain.map(({lookup}) => meanMs(lookup.family))),
  }
}

/** The numbers first; then both statements whole, for whoever looks for them in the code. */
export function loopEvidence(loop: Loop, all: readonly Loop[], info: StatementsInfo): Evidence[] {
  const {lookup, parents, baseline, fanOut, rootCalls, deviation, outer, window} = loop
  const {family} = lookup
  const rows = sum(parents.map(each => each.family.rows))
  const {now, without} = pageTimes(loop)
  const numbers: Omit<Evidence, 'source'>[] = [
    {label: 'calls of the look-up', value: family.calls, unit: 'count'},
    {label: outer ? 'rows of its parent, itself in a loop' : 'rows of its parent', value: rows, unit: 'count'},
    ...(baseline ? [{label: 'calls once per request', value: baseline.calls, unit: 'count' as const}] : []),
    ...(window
      ? []
      : [{label: 'difference', value: (Math.abs(deviation) / family.calls) * 100, unit: 'percent' as const}]),
    {label: outer ? 'calls of what the page reads first' : 'calls of its parent', value: rootCalls, unit: 'count'},
    {label: 'look-ups per page', value: fanOut, unit: 'count'},
    {
      label: 'queries per page, all its loops',
      value: 1 + sum(samePage(loop, all).map(each => each.fanOut)),
      unit: 'count',
    },
    {label: 'share of all calls', value: share(family.calls, info.totalCalls), unit: 'percent'},
    {label: 'share of all statement time', value: share(family.totalMs, info.totalMs), unit: 'percent'},
    {label: 'server time of list and loop', value: now, unit: 'milliseconds'},
  ]
  return [
    ...numbers.map(each => ({...each, source: SOURCE})),
    ...(window ? windowEvidence(window) : []),
    {
      label: 'the same with one query for all rows',
      value: without,
      unit: 'milliseconds',
      source: 'estimated: the list and one look-up; round trips not counted',
    },
    ...texts('look-up', [family]),
    ...texts(
      'parent',
      parents.map(each => each.family),
    ),
    ...(outer
      ? texts(
          'read first',
          rootOf(loop).parents.map(each => each.family),
        )
      : []),
    ...(baseline ? texts('once per request', [baseline]) : []),
  ]
}

function windowEvidence({seconds, intervals, calls, fit, explained, slope}: Fit): Evidence[] {
  const source = `${intervals} intervals in ${Math.round(seconds)} s`
  return [
    {label: 'calls of the look-up in the window', value: calls, unit: 'count', source},
    {label: 'look-ups per row of its parent', value: slope, unit: 'count', source},
    {label: 'calls that its parents explain', value: explained * 100, unit: 'percent', source},
    {label: 'fit (adjusted R squared)', value: fit, source},
  ]
}

const share = (part: number, whole: number) => (whole > 0 ? (part / whole) * 100 : 0)

const texts = (what: string, families: {text: string; queryids: string[]}[]): Evidence[] =>
  families.map(({text, queryids}) => ({label: `${what} ${queryids.join(', ')}`, value: text, source: SOURCE}))
