import {redact} from '../redact.js'
import {type Section, SNAPSHOT_VERSION, type Snapshot, type Window} from '../snapshot.js'
import {VERSION} from '../version.js'
import {MARK} from './collector.js'
import {sectionNames} from './index.js'
import type {Run} from './read.js'

/** Newest major whose catalogs these collectors were run against. */
const NEWEST_MAJOR = 18
const OLDEST_MAJOR = 12

export const NOT_REACHED: Section<never> = {ok: false, reason: 'error', message: 'the run ended before this was read'}

/** All sections as far as they were read, without the work of this tool itself. */
export function sectionsOf(run: Run): Snapshot['sections'] {
  const sections = Object.fromEntries(
    sectionNames.map(section => [section, run.sections[section] ?? NOT_REACHED]),
  ) as Snapshot['sections']
  leaveOutOwnStatements(sections)
  return sections
}

/** What was read, as the snapshot that everybody gets. */
export function assemble(run: Run, window: Window | null): Snapshot {
  const sections = sectionsOf(run)
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
export function finished(
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
