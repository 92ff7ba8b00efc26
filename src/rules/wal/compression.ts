import {setting} from '../../derive/settings.js'
import {walRate} from '../../derive/wal.js'
import {defineRule} from '../../rule.js'
import {bytes, number, seconds} from '../../units.js'

const PAGE = 8192

/** Best first: the same space as pglz at a fraction of its processor time. */
const METHODS = ['lz4', 'zstd', 'on']

export default defineRule({
  id: 'wal/compression',
  title: 'Whole pages go into the WAL uncompressed',
  category: 'wal',
  needs: ['server', 'settings', 'wal'],
  settings: ['wal_compression'],
  options: {
    share: {default: 50, unit: 'percent', help: 'of the WAL must be whole pages'},
    minRate: {default: 256 * 1024, unit: 'bytes', help: 'info from this much WAL per second on, on average'},
    lowRate: {default: 1024 ** 2, unit: 'bytes', help: 'low from this much on: 84 GB in a day'},
    minBytes: {default: 1024 ** 3, unit: 'bytes', help: 'less WAL than this in all is no pattern'},
    minHistory: {default: 3600, unit: 'seconds', help: 'no judgement on counters younger than this'},
  },
  severity: {
    low: 'lowRate of WAL, most of it whole pages: disk, archive and standbys carry what could be half or less',
    info: 'minRate of WAL, most of it whole pages',
  },
  why:
    'The first change of a page after a checkpoint writes the whole page into the WAL. ' +
    'Compressed they take half the space or less, for some processor time.',
  references: ['https://www.postgresql.org/docs/current/runtime-config-wal.html#GUC-WAL-COMPRESSION'],
  peers: ['PB'],
  check({server, settings, wal}, options) {
    const value = setting(settings, 'wal_compression').value
    const history = server.now - (wal.statsReset ?? server.now)
    const rate = walRate({ok: true, data: wal}, server)
    const share = Math.min(100, Math.round((100 * wal.fullPageImages * PAGE) / Math.max(1, wal.bytes)))
    if (value !== 'off') return {summary: `wal_compression = ${value}`, findings: []}
    if (server.inRecovery) return {summary: 'a standby writes no WAL of its own', findings: []}
    if (rate === null || history < options.minHistory) {
      return {cannotJudge: `the WAL counters cover only ${seconds(history)}`}
    }
    const summary = `${bytes(rate)} of WAL per second, up to ${share} % of it whole pages`
    if (rate < options.minRate || wal.bytes < options.minBytes || share < options.share) return {summary, findings: []}
    const to = METHODS.find(method => method === 'on' || wal.compressionMethods?.includes(method))!
    return {
      summary,
      findings: [
        {
          severity: rate >= options.lowRate ? 'low' : 'info',
          subject: 'wal_compression',
          title: `Up to ${share} % of ${bytes(rate)} WAL per second are uncompressed whole pages`,
          detail:
            'The share is an upper bound: free space within pages is left out already. Rarer checkpoints ' +
            '(checkpoint_timeout, max_wal_size) make fewer of them. How well they compress depends on the data.',
          evidence: [
            {label: 'whole pages', value: number(wal.fullPageImages), source: 'pg_stat_wal.wal_fpi'},
            {label: 'WAL', value: wal.bytes, unit: 'bytes', source: `pg_stat_wal, over ${seconds(history)}`},
          ],
          confidence: 'estimated',
          fixes: [{kind: 'setting', name: 'wal_compression', to}],
        },
      ],
    }
  },
})
