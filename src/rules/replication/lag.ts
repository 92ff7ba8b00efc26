import {LOOK, lagOfThis} from '../../derive/lag.js'
import {replicaName} from '../../derive/replication.js'
import {defineRule, type FindingDraft, type Severity} from '../../rule.js'
import type {Replica} from '../../snapshot.js'
import {bytes, seconds} from '../../units.js'

export default defineRule({
  id: 'replication/lag',
  title: 'A standby is behind its primary',
  category: 'replication',
  needs: ['server', 'settings', 'replicas', 'standby'],
  options: {
    bytes: {default: 1024 ** 3, unit: 'bytes', help: 'medium from this much WAL not replayed on'},
    seconds: {default: 60, unit: 'seconds', help: 'medium from this delay on'},
    highBytes: {default: 10 * 1024 ** 3, unit: 'bytes', help: 'high from this much on'},
    highSeconds: {default: 600, unit: 'seconds', help: 'high from this delay on'},
    disconnected: {default: 300, unit: 'seconds', help: 'a standby may lose its primary for this long'},
    ignore: {default: [] as string[], unit: 'names', help: 'application names of standbys that are meant to lag'},
  },
  severity: {
    high: 'highBytes or highSeconds behind, or a standby without its primary: after a failover that much is missing',
    medium: 'bytes or seconds behind, or a paused replay: reads there are old, and a failover takes longer',
  },
  why:
    'Whoever reads from a standby reads the past, and when the primary is lost, what was not sent is lost too. ' +
    'A standby that falls behind also makes the primary keep its WAL.',
  references: ['https://www.postgresql.org/docs/current/monitoring-stats.html#MONITORING-PG-STAT-REPLICATION-VIEW'],
  peers: ['PB', 'PD', 'DA', 'CA', 'CP', 'PE'],
  check({server, settings, replicas, standby}, options) {
    const severity = (behind: number, delay: number): Severity | null => {
      if (behind >= options.highBytes || delay >= options.highSeconds) return 'high'
      return behind >= options.bytes || delay >= options.seconds ? 'medium' : null
    }
    // A base backup reports positions too, and replays nothing.
    const followers = replicas.filter(
      ({state, application}) => state !== 'backup' && !options.ignore.includes(application),
    )
    const behind = followers.flatMap(replica => {
      const found = severity(replica.replayLag ?? 0, replica.replayLagSeconds ?? 0)
      return found ? [follower(replica, found)] : []
    })
    const own = server.inRecovery ? lagOfThis(server, settings, standby, severity, options.disconnected) : []
    const most = Math.max(0, ...followers.map(({replayLag}) => replayLag ?? 0))
    const ahead = standby.receivedBytesAhead ?? 0
    return {
      summary: [
        ...(server.inRecovery ? [`this standby has ${bytes(ahead)} to replay`] : []),
        followers.length === 0
          ? 'no standby is connected'
          : `${followers.length} connected, at most ${bytes(most)} behind`,
      ].join('; '),
      findings: [...own, ...behind],
    }
  },
})

function follower(replica: Replica, severity: Severity): FindingDraft {
  const {sentLag, replayLag, replayLagSeconds, state} = replica
  const delay = replayLagSeconds === null ? '' : `, ${seconds(replayLagSeconds)}`
  const isSent = (sentLag ?? 0) < (replayLag ?? 0) / 2
  return {
    severity,
    subject: replicaName(replica),
    title: `The ${replicaName(replica)} is ${bytes(replayLag ?? 0)}${delay} behind`,
    detail: isSent
      ? 'It has received most of that: its replay is slow, paused, delayed on purpose, or waits for a query there.'
      : 'Most of that has not been sent to it: the network, or the disk of the standby, is slower than the writing here.',
    evidence: [
      {label: 'not replayed', value: replayLag ?? 'unknown', unit: 'bytes', source: 'pg_stat_replication.replay_lsn'},
      {label: 'not sent', value: sentLag ?? 'unknown', unit: 'bytes', source: 'pg_stat_replication.sent_lsn'},
      {label: 'delay', value: replayLagSeconds ?? 'unknown', unit: 'seconds', source: 'pg_stat_replication.replay_lag'},
      {label: 'state', value: state, source: 'pg_stat_replication'},
    ],
    confidence: 'measured',
    fixes: [LOOK],
  }
}
