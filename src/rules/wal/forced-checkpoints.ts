import {settingMs} from '../../derive/settings.js'
import {
  CHECKPOINT_SETTINGS,
  type CheckpointCounts,
  checkpointCounts,
  maxWalSize,
  walRate,
  walSizeFix,
  walSizeFor,
} from '../../derive/wal.js'
import {defineRule, type FindingDraft, type Severity} from '../../rule.js'
import {bytes, number, seconds} from '../../units.js'

export default defineRule({
  id: 'wal/forced-checkpoints',
  title: 'Checkpoints are forced by the amount of WAL',
  category: 'wal',
  needs: ['server', 'settings', 'checkpoints'],
  uses: ['wal'],
  settings: CHECKPOINT_SETTINGS,
  options: {
    share: {
      default: 30,
      unit: 'percent',
      help: 'medium when this share of the checkpoints did not wait for their time',
    },
    highShare: {default: 50, unit: 'percent', help: 'high from this share on ...'},
    highInterval: {default: 60, unit: 'seconds', help: '... when one comes this often'},
    minCheckpoints: {default: 10, unit: 'count', help: 'fewer are no pattern'},
    minForced: {default: 3, unit: 'count', help: "fewer forced ones may be a backup or somebody's CHECKPOINT"},
    bySize: {
      default: 30,
      unit: 'percent',
      help: 'of max_wal_size must lie between two of them, else commands forced them',
    },
  },
  severity: {
    high: 'highShare are forced, one every highInterval or faster: the disk writes the same pages again and again',
    medium: 'share of them are forced: each writes all changed pages at once, and full pages into the WAL afterwards',
  },
  why:
    'A checkpoint should come with the clock and be spread over minutes. When max_wal_size is too small for what is ' +
    'written, they come one after the other: bursts of disk writes, and more WAL, because pages are logged whole again.',
  references: ['https://www.postgresql.org/docs/current/wal-configuration.html'],
  peers: ['PB', 'DA', 'DX'],
  check({server, settings, checkpoints, wal}, options, _context, window) {
    if (server.inRecovery) {
      return {
        cannotJudge: 'a standby makes restartpoints, when its primary made a checkpoint',
        cure: 'ahsp-db check --only wal/forced-checkpoints   # on the primary',
      }
    }
    const counts = checkpointCounts(checkpoints, server, window, options.minCheckpoints)
    if (!counts) return {cannotJudge: 'since when checkpoints are counted is unknown'}
    const total = counts.timed + counts.requested
    if (total < options.minCheckpoints) {
      const few = total === 0 ? 'no checkpoint' : `only ${number(total)} ${total === 1 ? 'checkpoint' : 'checkpoints'}`
      return {cannotJudge: `${few} ${counts.source}, ${seconds(counts.seconds)} ago`}
    }
    const share = total === 0 ? 0 : Math.round((100 * counts.requested) / total)
    const interval = counts.requested === 0 ? Number.POSITIVE_INFINITY : counts.seconds / counts.requested
    const limit = maxWalSize(settings)
    const rate = walRate(wal, server)
    const summary = `${number(counts.requested)} of ${number(total)} checkpoints were not due by time, ${counts.source}`
    if (share < options.share || counts.requested < options.minForced) return {summary, findings: []}
    // Before 14 nobody counts WAL: then only those count that did not let the clock have its turn.
    if (rate === null && interval * 1000 > settingMs(settings, 'checkpoint_timeout')) return {summary, findings: []}
    // CHECKPOINT, a backup or a new database ask for one too, whatever max_wal_size is.
    if (rate !== null && rate * interval < (options.bySize / 100) * limit) {
      return {
        summary: `${summary}; commands asked for them, only ${bytes(rate * interval)} of WAL lie between`,
        findings: [],
      }
    }
    const isHigh = share >= options.highShare && interval <= options.highInterval
    return {
      summary,
      findings: [
        finding(isHigh ? 'high' : 'medium', counts, {
          limit,
          rate,
          needed: rate === null ? 0 : walSizeFor(rate, settings),
        }),
      ],
    }
  },
})

function finding(
  severity: Severity,
  counts: CheckpointCounts,
  {limit, rate, needed}: {limit: number; rate: number | null; needed: number},
): FindingDraft {
  const share = Math.round((100 * counts.requested) / (counts.timed + counts.requested))
  const interval = counts.seconds / counts.requested
  return {
    severity,
    subject: 'max_wal_size',
    title: `${share} % of the checkpoints are forced, one every ${seconds(interval)}`,
    detail:
      `With max_wal_size = ${bytes(limit)} the WAL fills up before checkpoint_timeout. ` +
      (rate === null ? 'How much WAL is written could not be read; backups and CHECKPOINT also count here.' : ''),
    evidence: [
      {
        label: 'forced',
        value: counts.requested,
        unit: 'count',
        source: `checkpoints requested, ${counts.source}`,
      },
      {label: 'by time', value: counts.timed, unit: 'count', source: `checkpoints timed, ${counts.source}`},
      {label: 'max_wal_size', value: limit, unit: 'bytes', source: 'pg_settings'},
      ...(rate === null ? [] : [{label: 'WAL per second', value: bytes(rate), source: 'pg_stat_wal, on average'}]),
    ],
    confidence: rate === null ? 'estimated' : 'measured',
    fixes: [walSizeFix(needed, limit)],
  }
}
