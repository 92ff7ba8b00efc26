import {rateAtTarget} from '../../derive/time-to-failure.js'
import {
  CHECKPOINT_SETTINGS,
  checkpointCounts,
  LARGEST_WAL,
  maxWalSize,
  walRate,
  walSizeFix,
  walSizeFor,
} from '../../derive/wal.js'
import {defineRule, type FindingDraft} from '../../rule.js'
import {bytes, seconds} from '../../units.js'

export default defineRule({
  id: 'wal/max-wal-size',
  title: 'max_wal_size is too small for the target load',
  category: 'wal',
  needs: ['server', 'settings', 'checkpoints', 'wal'],
  settings: CHECKPOINT_SETTINGS,
  options: {
    near: {default: 70, unit: 'percent', help: 'low when the present average needs this much of max_wal_size'},
    forcedShare: {
      default: 30,
      unit: 'percent',
      help: 'from this share of forced checkpoints on wal/forced-checkpoints reports it',
    },
    minHistory: {default: 3600, unit: 'seconds', help: 'no judgement on counters younger than this'},
  },
  severity: {
    medium: 'the WAL of the target load would fill max_wal_size before checkpoint_timeout: checkpoints will be forced',
    low: 'the present average is near it: the busy hours are beyond',
  },
  why:
    'How much WAL is written grows with the users, max_wal_size does not. Beyond it checkpoints come one after the ' +
    'other, and that at the time of the highest load.',
  references: ['https://www.postgresql.org/docs/current/wal-configuration.html'],
  peers: ['PB'],
  check({server, settings, checkpoints, wal}, options, context, window) {
    if (server.inRecovery) {
      const cure = 'ahsp-db check --only wal/max-wal-size   # on the primary'
      return {cannotJudge: 'a standby writes no WAL of its own', cure}
    }
    const history = server.now - (wal.statsReset ?? server.now)
    const rate = walRate({ok: true, data: wal}, server)
    if (rate === null || history < options.minHistory) {
      return {cannotJudge: `the WAL counters cover only ${seconds(history)}`}
    }
    const target = rateAtTarget(rate, context)
    const limit = maxWalSize(settings)
    const needed = walSizeFor(target ?? rate, settings)
    const load = target === null ? 'at the average rate' : `at ${context.users} users`
    const summary = `max_wal_size = ${bytes(limit)}, ${bytes(needed)} needed ${load}`
    const counts = checkpointCounts(checkpoints, server, window, 1)
    const forced = counts && counts.requested / Math.max(1, counts.timed + counts.requested)
    const isTold = forced !== null && counts!.requested >= 10 && 100 * forced >= options.forcedShare
    const isBeyond = target !== null && needed > limit
    const isNear = needed > (options.near / 100) * limit
    if (isTold || limit >= LARGEST_WAL || !(isBeyond || isNear)) return {summary, findings: []}
    return {summary, findings: [finding(isBeyond, {needed, limit, rate, history, load, from: context.currentUsers})]}
  },
})

type Numbers = {needed: number; limit: number; rate: number; history: number; load: string; from: number | undefined}

function finding(isBeyond: boolean, {needed, limit, rate, history, load, from}: Numbers): FindingDraft {
  return {
    severity: isBeyond ? 'medium' : 'low',
    subject: 'max_wal_size',
    title: `${bytes(needed)} of WAL come between two checkpoints ${load}, max_wal_size is ${bytes(limit)}`,
    detail:
      `${!isBeyond ? 'An average hides the busy hours.' : `Users and WAL are taken to grow alike, from ${from} users.`} ` +
      'Forced checkpoints were not the rule so far.',
    evidence: [
      {label: 'WAL per second', value: bytes(rate), source: `pg_stat_wal, over ${seconds(history)}`},
      {
        label: `WAL between checkpoints ${load}`,
        value: needed,
        unit: 'bytes',
        source: 'rate x checkpoint_timeout x (1 + completion target)',
      },
      {label: 'max_wal_size', value: limit, unit: 'bytes', source: 'pg_settings'},
    ],
    confidence: 'estimated',
    fixes: [walSizeFix(needed, limit)],
  }
}
