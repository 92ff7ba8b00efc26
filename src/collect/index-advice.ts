import type {QuickWorkload} from '../advisor/quick.js'
import {redact} from '../redact.js'
import type {IndexAdvice, Section, Snapshot} from '../snapshot.js'
import {readGrant} from '../sql/read-grant.js'
import type {Planner} from '../whatif/planner.js'
import type {TargetSchema} from '../whatif/shadow/schema.js'
import {NOT_REACHED, sectionsOf} from './assemble.js'
import type {CollectContext, Collector} from './collector.js'
import {failure} from './failure.js'
import {pause} from './pause.js'
import {isOver, type Run, timeLeft} from './read.js'

type Outcome = Section<IndexAdvice>
type Costing = () => Promise<Outcome>

const NOTHING: IndexAdvice = {
  statements: 0,
  candidates: 0,
  before: 0,
  after: 0,
  recommended: [],
  closest: null,
  notes: [],
}

/**
 * Finds the statements that are worth costing and reads the schema of their tables over the run's connection. What is
 * returned costs candidates on a private server, and needs the connection no more. That server is only started when some
 * statement is worth it (advisor/quick.ts). `limitMs` is for all of it; a cluster that must be made first, once a day,
 * comes on top.
 */
export async function indexAdvice(run: Run, limitMs: number): Promise<Costing> {
  const start = performance.now()
  const end = (outcome: Outcome) => async () => outcome
  if (isOver(run) || !run.connection.isOpen) return end(NOT_REACHED)
  const sections = sectionsOf(run)
  const unread = unreadable(sections)
  if (unread) return end(unread)
  const {heavyStatements, quickWorkload} = await import('../advisor/quick.js')
  if (heavyStatements(sections).size === 0) return end({ok: true, data: NOTHING})
  const snapshot = redact({target: run.connection.target, warnings: [], sections} as never)
  const workload = await quickWorkload(snapshot)
  if (workload.statements.length === 0) return end({ok: true, data: NOTHING})
  const hidden = hiddenStatistics(workload, snapshot, run.context!)
  if (hidden) return end(hidden)
  const {embeddedAvailable, prepareServer} = await import('../embedded/server.js')
  const embedded = embeddedAvailable()
  if (!embedded.ok) return end({ok: false, reason: 'unsupported', message: `${NO_SERVER}: ${embedded.reason}`})
  const leftMs = () => Math.min(limitMs - (performance.now() - start), timeLeft(run))
  if (leftMs() <= 0) return end(tooLong(limitMs))
  // Neither waits for the other.
  const preparing = prepareServer().catch(() => 0)
  try {
    const {readSchema} = await import('../whatif/shadow/read.js')
    const {tables} = workload
    const schema = await readSchema(run.connection, {tables, timeoutMs: Math.ceil(leftMs())})
    return async () => {
      const waitedMs = await preparing
      const outcome = await within(leftMs() + waitedMs, run, isOver => cost(schema, workload, snapshot, isOver))
      return outcome ?? tooLong(limitMs)
    }
  } catch (error) {
    await preparing
    return end(failure(error, {} as Collector, run.context))
  }
}

const NO_SERVER = 'candidates are planned on a PostgreSQL of our own'

const tooLong = (limitMs: number): Outcome => ({
  ok: false,
  reason: 'timeout',
  message: `costing candidates took longer than ${limitMs / 1000} s; ahsp-db indexes takes the time that it needs`,
})

/** What it is made of cannot be read: all grants that are missing, for with one of them it would ask for the next. */
function unreadable({tables, statements, statementTexts, columnStatistics}: Snapshot['sections']): Outcome | null {
  const closed = [tables, statements, statementTexts].flatMap(section => (section.ok ? [] : [section]))
  const [first] = closed
  if (!first) return null
  if (first.reason !== 'permission') return first
  const all = [...closed, ...(columnStatistics.ok ? [] : [columnStatistics])]
  const grants = all.flatMap(({reason, grant}) => (reason === 'permission' && grant ? [grant] : []))
  return {...first, grant: [...new Set(grants)].join(' ')}
}

/** Without the statistics of a table its plans are guesses. */
function hiddenStatistics(
  {tables: named}: QuickWorkload,
  {sections}: Snapshot,
  context: CollectContext,
): Outcome | null {
  const {tables, columnStatistics} = sections
  if (!tables.ok) return null
  if (!columnStatistics.ok) return columnStatistics.reason === 'permission' ? columnStatistics : null
  const isHidden = ({oid}: {oid: number}) => columnStatistics.data.some(each => each.oid === oid && !each.isVisible)
  const isNamed = (table: {schema: string; name: string}) =>
    named.some(({schema, name}) => name === table.name && (schema ?? table.schema) === table.schema)
  const hidden = tables.data.filter(table => isNamed(table) && isHidden(table))
  if (hidden.length === 0) return null
  const {versionNum, user} = context
  return {
    ok: false,
    reason: 'permission',
    message: `pg_stats shows no statistics of ${hidden.map(({name}) => JSON.stringify(name)).join(', ')} to this role`,
    grant: readGrant(versionNum, user, [...new Set(hidden.map(({schema}) => schema))]),
  }
}

async function cost(
  schema: TargetSchema,
  workload: QuickWorkload,
  snapshot: Snapshot,
  isOver: () => boolean,
): Promise<Outcome> {
  const {openShadow} = await import('../whatif/shadow/planner.js')
  const {adviseQuickly} = await import('../advisor/quick.js')
  let planner: Planner | undefined
  try {
    planner = await openShadow(schema)
    return {ok: true, data: await adviseQuickly(until(isOver, planner), schema, workload, snapshot)}
  } catch (error) {
    return {ok: false, reason: 'error', message: `candidates could not be planned: ${(error as Error).message}`}
  } finally {
    await planner?.close().catch(() => {})
  }
}

/** Nobody waits for the answer any more: the next question ends the costing. */
function until(isOver: () => boolean, planner: Planner): Planner {
  const check = () => {
    if (isOver()) throw new Error('the time is over')
  }
  return {
    ...planner,
    prepare: async definitions => {
      check()
      return planner.prepare(definitions)
    },
    explain: async (...question) => {
      check()
      return planner.explain(...question)
    },
  }
}

type Work = (isOver: () => boolean) => Promise<Outcome>

/** null: it was not done in time, or Ctrl-C came. It is then told so, and ends by itself or with the process. */
async function within(ms: number, {signal}: Run, work: Work): Promise<Outcome | null> {
  if (ms <= 0 || signal?.aborted) return null
  const ended = new AbortController()
  const stop = () => ended.abort()
  signal?.addEventListener('abort', stop)
  try {
    return await Promise.race([work(() => ended.signal.aborted), pause(ms, ended.signal).then(() => null)])
  } finally {
    stop()
    signal?.removeEventListener('abort', stop)
  }
}
