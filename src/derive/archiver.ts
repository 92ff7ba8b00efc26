import type {Evidence} from '../rule.js'
import type {Archiver, Setting} from '../snapshot.js'
import {seconds} from '../units.js'

/** Its value is redacted when it has one. */
export const hasNoArchiveCommand = (settings: readonly Setting[]): boolean =>
  ['archive_command', 'archive_library'].every(name => (settings.find(each => each.name === name)?.value ?? '') === '')

export const archiverEvidence = (archiver: Archiver, now: number, behind: number | null): Evidence[] => [
  {label: 'failures', value: archiver.failed, unit: 'count', source: 'pg_stat_archiver.failed_count'},
  {
    label: 'last archived',
    value: archiver.lastArchived === null ? 'never' : `${seconds(now - archiver.lastArchived)} ago`,
    source: 'pg_stat_archiver',
  },
  ...(behind === null
    ? []
    : [{label: 'waiting', value: behind, unit: 'bytes' as const, source: 'WAL since last_archived_wal'}]),
]
