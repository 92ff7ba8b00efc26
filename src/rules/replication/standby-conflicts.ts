import {setting} from '../../derive/settings.js'
import {defineRule, type FixRequest} from '../../rule.js'
import type {StandbyConflicts} from '../../snapshot.js'
import {quoteIdent} from '../../sql/quote.js'
import {number, seconds} from '../../units.js'

export default defineRule({
  id: 'replication/standby-conflicts',
  title: 'Queries on the standby are cancelled by replay',
  category: 'replication',
  needs: ['server', 'settings', 'standby'],
  settings: ['hot_standby_feedback', 'max_standby_streaming_delay'],
  options: {
    minConflicts: {default: 10, unit: 'count', help: 'fewer cancelled queries are no pattern'},
    perHour: {default: 1, unit: 'count', help: 'medium from so many an hour on'},
    highPerHour: {default: 60, unit: 'count', help: 'high from so many an hour on'},
  },
  severity: {
    high: 'highPerHour: users of the standby get errors all the time',
    medium: 'perHour: reports fail now and then, and are run again',
  },
  why:
    'A standby must replay what the primary did; a query that needs rows or locks which that removes is cancelled. ' +
    'The application sees an error that it has done nothing for.',
  references: ['https://www.postgresql.org/docs/current/hot-standby.html#HOT-STANDBY-CONFLICT'],
  peers: ['CA', 'PW', 'PM'],
  check({server, settings, standby}, options) {
    if (!server.inRecovery) return {summary: 'not a standby', findings: []}
    const readings = standby.conflicts
      .map(conflicts => {
        const covers = Math.max(1, server.now - (conflicts.statsReset ?? server.startedAt))
        const total = totalOf(conflicts)
        return {conflicts, covers, total, perHour: (total / covers) * 3600}
      })
      .sort((a, b) => b.total - a.total)
    const total = readings.reduce((sum, reading) => sum + reading.total, 0)
    const feedback = setting(settings, 'hot_standby_feedback').value
    return {
      summary: `${number(total)} queries cancelled by replay, hot_standby_feedback = ${feedback}`,
      findings: readings
        .filter(reading => reading.total >= options.minConflicts && reading.perHour >= options.perHour)
        .map(({conflicts, covers, total: cancelled, perHour}) => ({
          severity: perHour >= options.highPerHour ? 'high' : 'medium',
          subject: `database ${quoteIdent(conflicts.database)}`,
          title: `${number(cancelled)} queries in database ${quoteIdent(conflicts.database)} were cancelled by replay`,
          detail: explain(conflicts),
          evidence: [
            {
              label: 'because of removed rows',
              value: conflicts.snapshot + conflicts.bufferPin,
              source: 'confl_snapshot, confl_bufferpin',
            },
            {
              label: 'because of locks',
              value: conflicts.lock + conflicts.deadlock,
              source: 'confl_lock, confl_deadlock',
            },
            {
              label: 'counted over',
              value: `${seconds(covers)}${conflicts.statsReset === null ? ' or more' : ''}`,
              source: 'pg_stat_database.stats_reset',
            },
            {label: 'per hour', value: Number(perHour.toPrecision(2)), source: 'the same'},
          ],
          confidence: 'measured',
          fixes: fixes(conflicts, feedback === 'on'),
        })),
    }
  },
})

const totalOf = ({tablespace, lock, snapshot, bufferPin, deadlock, logicalSlot}: StandbyConflicts) =>
  tablespace + lock + snapshot + bufferPin + deadlock + (logicalSlot ?? 0)

const isByRows = ({snapshot, bufferPin, lock, deadlock}: StandbyConflicts) => snapshot + bufferPin >= lock + deadlock

const explain = (conflicts: StandbyConflicts) =>
  isByRows(conflicts)
    ? 'Vacuum on the primary removed rows that queries here still needed.'
    : 'ACCESS EXCLUSIVE locks of the primary (DDL, TRUNCATE, or vacuum giving back empty pages) came upon queries here.'

function fixes(conflicts: StandbyConflicts, hasFeedback: boolean): FixRequest[] {
  const wait: FixRequest = {
    kind: 'setting',
    name: 'max_standby_streaming_delay',
    to: '5min',
    risk: 'review',
    note: 'Replay waits that long for queries: this standby may be as far behind, also after a failover.',
  }
  const feedback: FixRequest = {
    kind: 'setting',
    name: 'hot_standby_feedback',
    to: 'on',
    risk: 'review',
    note: 'The primary then keeps what queries here still need: a query of hours here lets tables grow there.',
  }
  return isByRows(conflicts) && !hasFeedback ? [feedback, wait] : [wait]
}
