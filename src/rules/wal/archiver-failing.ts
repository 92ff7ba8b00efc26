import {archiverEvidence, hasNoArchiveCommand} from '../../derive/archiver.js'
import {setting, settingBytes} from '../../derive/settings.js'
import {walBetween} from '../../derive/wal.js'
import {defineRule, type Evidence, type FindingDraft, type FixRequest} from '../../rule.js'
import type {Archiver} from '../../snapshot.js'
import {bytes, number, seconds} from '../../units.js'

export default defineRule({
  id: 'wal/archiver-failing',
  title: 'WAL is not archived',
  category: 'wal',
  needs: ['server', 'settings', 'archiver'],
  settings: ['archive_mode', 'archive_command', 'wal_segment_size'],
  options: {
    minAge: {default: 300, unit: 'seconds', help: 'nothing archived for this long, after a failure'},
    maxBehind: {default: 1024 ** 3, unit: 'bytes', help: 'medium when this much WAL waits, without failures'},
  },
  severity: {
    high: 'the archive command fails, or there is none: WAL fills the disk, and backups cannot be brought up to date',
    medium: 'maxBehind waits: the archive is slower than the writing, and is lost with the disk',
  },
  why:
    'With archive_mode = on the server keeps each WAL file until it was archived. When that fails, files pile up ' +
    'until the disk is full and the server stops; and the last backup can only be restored to the last archived file.',
  references: ['https://www.postgresql.org/docs/current/continuous-archiving.html#BACKUP-ARCHIVING-WAL'],
  peers: ['PB', 'CP', 'CA', 'PD'],
  check({server, settings, archiver}, options) {
    const mode = setting(settings, 'archive_mode').value
    if (mode === 'off') return {summary: 'archive_mode = off', findings: []}
    if (server.inRecovery && mode !== 'always') return {summary: 'a standby archives nothing', findings: []}
    const archivedFor = archiver.lastArchived === null ? null : server.now - archiver.lastArchived
    const behind = walBetween(archiver.lastArchivedWal, archiver.currentWal, settingBytes(settings, 'wal_segment_size'))
    const isFailing =
      archiver.lastFailed !== null &&
      archiver.lastFailed > (archiver.lastArchived ?? 0) &&
      (archivedFor ?? server.now - (archiver.statsReset ?? 0)) >= options.minAge
    const evidence = archiverEvidence(archiver, server.now, behind)
    const findings: FindingDraft[] = []
    if (hasNoArchiveCommand(settings)) findings.push(nothing(evidence))
    else if (isFailing) findings.push(failing(archiver, archivedFor, evidence))
    else if (behind !== null && behind >= options.maxBehind) findings.push(slow(behind, evidence))
    return {
      summary:
        `${number(archiver.archived)} WAL files archived, ${number(archiver.failed)} failures` +
        (behind === null ? '' : `, ${bytes(behind)} waiting`),
      findings,
    }
  },
})

function nothing(evidence: Evidence[]): FindingDraft {
  return {
    severity: 'high',
    subject: 'archive_command',
    title: 'archive_mode is on, but no archive_command or archive_library is set',
    detail: 'Every WAL file is kept until it is archived, which nobody does: the disk fills up.',
    evidence,
    confidence: 'measured',
    fixes: [
      {
        kind: 'action',
        title: 'Set the archive command of your backup tool',
        steps: ['pgBackRest, Barman and WAL-G each document theirs; a reload is enough to set it'],
      },
      {
        kind: 'setting',
        name: 'archive_mode',
        to: 'off',
        title: 'Or, when no archive is wanted: archive_mode = off',
        risk: 'review',
      },
    ],
  }
}

function failing(archiver: Archiver, archivedFor: number | null, evidence: Evidence[]): FindingDraft {
  const since = archivedFor === null ? 'nothing was ever archived' : `nothing was archived for ${seconds(archivedFor)}`
  return {
    severity: 'high',
    subject: 'archive_command',
    title: `Archiving fails: ${since}`,
    detail:
      `The last failure was about ${archiver.lastFailedWal ?? 'a WAL file'}. How full the disk is cannot be seen from ` +
      "here; the server's log has the command's own message.",
    evidence,
    confidence: 'measured',
    fixes: [MEND],
  }
}

const MEND: FixRequest = {
  kind: 'action',
  title: 'Find out why the command fails',
  steps: [
    'Read the server\'s log around "archive command failed": full target, network, credentials, a changed path',
    "Run the command by hand as the server's account, for the file that failed",
    'Never delete files in pg_wal: make room elsewhere on the disk until it works again',
  ],
}

const slow = (behind: number, evidence: Evidence[]): FindingDraft => ({
  severity: 'medium',
  subject: 'archive_command',
  title: `${bytes(behind)} of WAL wait to be archived`,
  detail: 'It does not fail, it is slower than the writing, or hangs. What waits is lost together with this disk.',
  evidence,
  confidence: 'measured',
  fixes: [
    {
      kind: 'action',
      title: 'Make archiving faster',
      steps: ['Archive in parallel (pgBackRest archive-async, WAL-G), or compress', 'See whether the command hangs'],
    },
  ],
})
