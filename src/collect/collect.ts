import type {Connection} from '../connect/postgres.js'
import {redact} from '../redact.js'
import type {ActivitySample, Section, SectionName, Sections, Snapshot, Window} from '../snapshot.js'
import {SNAPSHOT_VERSION} from '../snapshot.js'
import {VERSION} from '../version.js'
import {SAMPLE_SQL} from './activity.js'
import {type CollectContext, type Collector, MARK} from './collector.js'
import {checkpoints, databases} from './databases.js'
import {collectors, sectionNames} from './index.js'
import type {PoolerReader} from './pgbouncer/reader.js'
import {readPoolers} from './pgbouncer/section.js'
import {isOver, type Run, readRows, readSection} from './read.js'
import {statementCounters} from './statement-samples.js'

export type CollectOptions = {
  /** seconds to watch between two readings of the counters; 0: none */
  windowSeconds: number
  /** milliseconds for the whole run, the window not included */
  deadlineMs: number
  /** measure the largest tables with pgstattuple; default false */
  deep?: boolean
  /** consoles to read along, and how many were asked for */
  poolers?: {readers: PoolerReader[]; asked: number}
  signal?: AbortSignal
  reconnect: () => Promise<Connection>
  onProgress?: (what: string) => void
}

/** Newest major whose catalogs these collectors were run against. */
const NEWEST_MAJOR = 18
const OLDEST_MAJOR = 12

/** Three cheap looks at the sessions, spread over the run. */
const SAMPLE_BEFORE = new Set<SectionName>(['activity', 'tables'])

const NOT_REACHED: Section<never> = {ok: false, reason: 'error', message: 'the run ended before this was read'}

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
  const {readers, asked} = options.poolers ?? {readers: [], asked: 0}
  const lookAtPoolers = (look?: {pids: boolean}) => Promise.all(readers.map(reader => reader.look(look)))
  let window: Window | null = null
  // The backends of the pools before and after the sessions are read: what is in neither came another way.
  await lookAtPoolers({pids: true})
  for (const collector of collectors) {
    if (collector.section === 'activity' && options.windowSeconds > 0)
      window = await watch(run, samples, options, lookAtPoolers)
    if (SAMPLE_BEFORE.has(collector.section)) await sample(run, samples)
    options.onProgress?.(collector.section)
    await collectSection(run, collector, options.deep ?? false)
    if (collector.section === 'activity') await lookAtPoolers({pids: true})
  }
  await sample(run, samples)
  const activity = run.sections.activity as Section<Sections['activity']>
  if (activity.ok) activity.data.samples = samples
  await run.connection.close()
  run.sections.poolers = await readPoolers(readers, asked, run.warnings)
  return assemble(run, window)
}

/** For people who have no access to the server, or gave a console in its place. */
export async function collectPoolersOnly(
  readers: PoolerReader[],
  options: Pick<CollectOptions, 'windowSeconds' | 'signal' | 'onProgress'>,
  target: Snapshot['target'],
): Promise<Snapshot> {
  const warnings = ['only a PgBouncer console was read: give the server, too (its connection string, and --pgbouncer)']
  const end = performance.now() + options.windowSeconds * 1000
  for (const reader of readers) await reader.look({pids: true})
  while (performance.now() < end && !options.signal?.aborted) {
    options.onProgress?.(`watching, ${Math.ceil((end - performance.now()) / 1000)} s left`)
    await pause(Math.min(1000, end - performance.now()), options.signal)
    for (const reader of readers) await reader.look()
  }
  const poolers = await readPoolers(readers, readers.length, warnings)
  const message = 'the server was not read: only a PgBouncer console was given'
  const sections = Object.fromEntries(
    sectionNames.map(name => [name, {ok: false, reason: 'unsupported', message}]),
  ) as Snapshot['sections']
  const cutShortBy = options.signal?.aborted ? 'signal' : null
  return finished({...sections, poolers}, {target, warnings, cutShortBy, window: null, collectedAt: Date.now() / 1000})
}

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

const pause = (ms: number, signal: AbortSignal | undefined) =>
  new Promise<void>(resolve => {
    const stop = () => {
      clearTimeout(timer)
      signal?.removeEventListener('abort', stop)
      resolve()
    }
    const timer = setTimeout(stop, ms)
    signal?.addEventListener('abort', stop, {once: true})
  })

function assemble(run: Run, window: Window | null): Snapshot {
  const sections = Object.fromEntries(
    sectionNames.map(section => [section, run.sections[section] ?? NOT_REACHED]),
  ) as Snapshot['sections']
  leaveOutOwnStatements(sections)
  const {server} = sections
  if (server.ok) versionWarning(server.data.versionNum, run.warnings)
  if (server.ok && server.data.isPooled) run.warnings.push(POOLED)
  const samples = sections.activity.ok ? sections.activity.data.samples : []
  return finished(sections, {
    target: run.connection.target,
    warnings: run.warnings,
    cutShortBy: run.cutShortBy,
    window,
    collectedAt: samples.at(-1)?.at ?? (server.ok ? server.data.now : 0),
  })
}

const POOLED =
  "this session goes through a pooler (the backend's pid is not the one told at start-up): name the server's own " +
  'address, and the pooler with --pgbouncer'

type Facts = Pick<Snapshot, 'target' | 'warnings' | 'cutShortBy' | 'window' | 'collectedAt'>

/** The same value that a file would give back, so that live and offline analysis cannot differ. */
function finished(
  sections: Snapshot['sections'],
  {target, collectedAt, cutShortBy, warnings, window}: Facts,
): Snapshot {
  const snapshot: Snapshot = {
    format: 'ahsp-db/snapshot',
    version: SNAPSHOT_VERSION,
    tool: VERSION,
    target,
    collectedAt,
    cutShortBy,
    warnings,
    window,
    sections,
  }
  return JSON.parse(JSON.stringify(redact(snapshot)))
}

function versionWarning(versionNum: number, warnings: string[]): void {
  const major = Math.floor(versionNum / 10000)
  if (major > NEWEST_MAJOR) warnings.push(`PostgreSQL ${major} is newer than this tool knows (${NEWEST_MAJOR})`)
  if (major < OLDEST_MAJOR) warnings.push(`PostgreSQL ${major} is older than this tool supports (${OLDEST_MAJOR})`)
}

/** What this tool itself ran is known by its mark. */
function leaveOutOwnStatements({statements, statementTexts}: Snapshot['sections']): void {
  if (!statements.ok || !statementTexts.ok) return
  const own = new Set(statementTexts.data.filter(({text}) => text.includes(MARK)).map(({queryid}) => queryid))
  statementTexts.data = statementTexts.data.filter(({queryid}) => !own.has(queryid))
  statements.data = statements.data.filter(({queryid}) => !own.has(queryid!))
}
