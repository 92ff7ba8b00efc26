import type {Connection} from '../connect/postgres.js'
import type {ActivitySample, Section, SectionName, Sections, Snapshot, Window} from '../snapshot.js'
import {SAMPLE_SQL} from './activity.js'
import {assemble, NOT_REACHED} from './assemble.js'
import type {CollectContext, Collector} from './collector.js'
import {checkpoints, databases} from './databases.js'
import {collectors} from './index.js'
import {pause} from './pause.js'
import type {PoolerReader} from './pgbouncer/reader.js'
import {type PoolersRead, readPoolers} from './pgbouncer/section.js'
import {isOver, type Run, readRows, readSection, timeLeft} from './read.js'
import {statementCounters} from './statement-samples.js'

export type CollectOptions = {
  /** seconds to watch between two readings of the counters; 0: none */
  windowSeconds: number
  /** milliseconds for the whole run, the window not included */
  deadlineMs: number
  /** measure the largest tables with pgstattuple; default false */
  deep?: boolean
  /** milliseconds for costing new indexes on a private server; undefined: that is not asked for */
  adviceMs?: number
  /** consoles to read along */
  poolers?: PoolerReader[]
  signal?: AbortSignal
  reconnect: () => Promise<Connection>
  onProgress?: (what: string) => void
}

/** Three cheap looks at the sessions, spread over the run. */
const SAMPLE_BEFORE = new Set<SectionName>(['activity', 'tables'])

/** Reads every section over one connection, closes it, and redacts. What one section did never ends the run. */
export async function collect(connection: Connection, options: CollectOptions): Promise<Snapshot> {
  const run: Run = {
    connection,
    reconnect: options.reconnect,
    reconnected: false,
    signal: options.signal,
    startedAt: performance.now(),
    deadlineMs: options.deadlineMs + options.windowSeconds * 1000,
    context: null,
    sections: {},
    warnings: [...connection.warnings],
    cutShortBy: null,
  }
  const samples: ActivitySample[] = []
  const readers = options.poolers ?? []
  const lookAtPoolers = (look?: {pids: boolean}) => Promise.all(readers.map(reader => reader.look(look)))
  let window: Window | null = null
  let poolers: Promise<PoolersRead> | undefined
  // The backends of the pools before and after the sessions are read: what is in neither came another way.
  const firstLook = lookAtPoolers({pids: true})
  for (const collector of collectors) {
    if (collector.section === 'activity') {
      if (options.windowSeconds > 0) window = await watch(run, samples, options, async () => void lookAtPoolers())
      if (!isOver(run)) await Promise.race([firstLook, pause(Math.min(FIRST_LOOK_MS, timeLeft(run) / 4), run.signal)])
    }
    if (SAMPLE_BEFORE.has(collector.section)) await sample(run, samples)
    options.onProgress?.(collector.section)
    await collectSection(run, collector, options.deep ?? false)
    // From here on beside the rest: a console that stalls must not hold up what the server tells.
    if (collector.section === 'activity') poolers = readPoolers(readers, timeLeft(run), run.signal)
  }
  await sample(run, samples)
  const activity = run.sections.activity as Section<Sections['activity']>
  if (activity.ok) activity.data.samples = samples
  if (options.adviceMs !== undefined) options.onProgress?.('indexAdvice')
  const costIndexes = await prepareAdvice(run, options.adviceMs)
  await run.connection.close()
  run.sections.indexAdvice = await costIndexes()
  const read = await poolers!
  run.sections.poolers = read.section
  run.warnings.push(...read.warnings)
  return assemble(run, window)
}

/** Longer than this, or a quarter of the time that is left, the sessions do not wait for the pools. */
const FIRST_LOOK_MS = 2000

async function collectSection(run: Run, collector: Collector, deep: boolean): Promise<void> {
  const {section} = collector
  const reachable = !isOver(run) && (run.context !== null || section === 'server')
  if (!reachable) run.cutShortBy ??= run.signal?.aborted ? 'signal' : 'deadline'
  run.sections[section] = reachable ? await readSection(run, collector) : NOT_REACHED
  const {server, extensions, tables, statements} = run.sections as Partial<Snapshot['sections']>
  if (section === 'server' && server?.ok) {
    run.context = contextOf(server.data)
    server.data.isPooled = server.data.backendPid !== run.connection.backendPid
  }
  if (deep && section === 'extensions' && server?.ok && extensions?.ok) {
    const schema = extensions.data.find(({name}) => name === 'pgstattuple')?.schema ?? null
    const mayScan = server.data.isSuperuser || server.data.memberOf.includes('pg_stat_scan_tables')
    run.context!.deep = {schema, mayScan}
  }
  if (section === 'tables' && tables?.ok) run.context!.tableOids = tables.data.map(table => table.oid)
  if (section === 'statements' && statements?.ok) {
    run.context!.queryids = [...new Set(statements.data.map(statement => statement.queryid!))]
  }
}

const NOT_ASKED: Section<never> = {ok: false, reason: 'unsupported', message: 'costing new indexes was not asked for'}

/** Reads what costing needs while there is a connection; the costing itself needs none. */
async function prepareAdvice(run: Run, adviceMs: number | undefined): Promise<() => Promise<Section<unknown>>> {
  if (adviceMs === undefined) return async () => NOT_ASKED
  const {indexAdvice} = await import('./index-advice.js')
  return indexAdvice(run, adviceMs)
}

const contextOf = (server: Sections['server']): CollectContext => ({
  versionNum: server.versionNum,
  user: `"${server.user.replaceAll('"', '""')}"`,
  linux: /linux/i.test(server.build),
  readsFileSettings: server.readsFileSettings,
  readsHbaRules: server.readsHbaRules,
  statements: server.statementsExtension,
  deep: null,
  tableOids: [],
  queryids: [],
})

async function sample(run: Run, samples: ActivitySample[]): Promise<void> {
  const rows = run.context && (await readRows(run, SAMPLE_SQL))
  if (rows?.[0]) samples.push(rows[0] as unknown as ActivitySample)
}

/** The counters now; the second reading is the snapshot itself. Sessions are sampled each second in between. */
async function watch(
  run: Run,
  samples: ActivitySample[],
  options: CollectOptions,
  lookAtPoolers: () => Promise<unknown>,
): Promise<Window | null> {
  const before = await readSection(run, databases as unknown as Collector)
  const written = await readSection(run, checkpoints as unknown as Collector)
  const start = performance.now()
  const end = start + options.windowSeconds * 1000
  const counters = statementCounters(run, options.windowSeconds)
  await counters.read()
  await sample(run, samples)
  while (performance.now() < end && !isOver(run)) {
    options.onProgress?.(`watching, ${Math.ceil((end - performance.now()) / 1000)} s left`)
    await pause(Math.min(1000, end - performance.now()), run.signal)
    await Promise.all([sample(run, samples), lookAtPoolers()])
    if (counters.isDue()) await counters.read()
  }
  if (!before.ok || samples.length === 0) return null
  return {
    seconds: (performance.now() - start) / 1000,
    before: {
      at: samples[0]!.at,
      databases: before.data as Sections['databases'],
      checkpoints: written.ok ? (written.data as Sections['checkpoints']) : null,
    },
    statements: counters.samples(),
  }
}
