import type {Evidence} from '../rule.js'
import type {Sections, Server} from '../snapshot.js'
import {number} from '../units.js'
import {hasPlan, shorten, waitsByDesign} from './statement-text.js'
import {type Workload, workloadOf} from './statements.js'

/** A statement of the application: it has a plan, ran more than once, and was sent by a client. */
export type Query = Workload & {
  /** percent of the time of all statements */
  share: number
}

type Input = {
  server: Pick<Server, 'database'>
  statements: Sections['statements']
  statementTexts: Sections['statementTexts']
  statementsInfo: Sections['statementsInfo']
}

/** What monitoring, ORMs and pg_dump ask the catalogs is nobody's request. */
const CATALOG = /\b(?:pg_catalog|information_schema)\s*\.|\b(?:FROM|JOIN)\s+"?pg_[a-z_]+"?\b/i

/** The application's statements in this database, most time first. Those inside functions count with their callers. */
export const queriesOf = (input: Input): Query[] => allQueriesOf(input).filter(({calls}) => calls > 1)

/** The same with those that ran once. */
export function allQueriesOf({server, statements, statementTexts, statementsInfo}: Input): Query[] {
  const isQuery = ({text, toplevel}: Workload) =>
    toplevel && hasPlan(text) && !waitsByDesign(text) && !CATALOG.test(text)
  return workloadOf(statements, statementTexts, server.database)
    .filter(isQuery)
    .map(query => ({...query, share: statementsInfo.totalMs > 0 ? (query.totalMs / statementsInfo.totalMs) * 100 : 0}))
}

export const querySubject = ({queryid}: Pick<Query, 'queryid'>) => `query ${queryid}`

const SHOWN = 300
export const shownText = ({text}: Pick<Query, 'text'>) => shorten(text, SHOWN)

const SOURCE = 'pg_stat_statements'

/** What every finding about a statement says; `more` between the calls and the share. */
export function queryEvidence({calls, meanMs, share}: Query, ...more: Omit<Evidence, 'source'>[]): Evidence[] {
  const all: Omit<Evidence, 'source'>[] = [
    {label: 'calls', value: calls, unit: 'count'},
    {label: 'mean time', value: meanMs, unit: 'milliseconds'},
    ...more,
    {label: 'share of all statement time', value: share, unit: 'percent'},
  ]
  return all.map(each => ({...each, source: SOURCE}))
}

/** The ten that weigh most; the summary says how many there are. */
export const MOST = 10

export const lookedAt = (found: number, all: readonly Query[], what: string) =>
  `${found ? number(found) : 'none'} of ${number(all.length)} statements ${what}`
