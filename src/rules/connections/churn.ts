import {poolerNames, useThePooler} from '../../derive/pooled-demand.js'
import {averageRate, type SessionRate, watchedRate} from '../../derive/session-rate.js'
import {defineRule, type FixRequest} from '../../rule.js'
import {quoteIdent} from '../../sql/quote.js'
import {number, seconds} from '../../units.js'

export default defineRule({
  id: 'connections/churn',
  title: 'Connections are opened and closed all the time',
  category: 'connections',
  needs: ['server', 'databases'],
  uses: ['checkpoints', 'poolers'],
  options: {
    warnAt: {default: 120, unit: 'count', help: 'medium from this many new sessions per minute on'},
    highAt: {default: 300, unit: 'count', help: 'high from this many on: five requests a second wait for a connection'},
    longLived: {default: 60, unit: 'seconds', help: 'sessions that live this long on average come from a pool'},
    minHistory: {default: 900, unit: 'seconds', help: 'counters younger than this need a --window'},
    minSessions: {default: 50, unit: 'count', help: 'fewer sessions than this are no pattern'},
  },
  severity: {
    high: 'new sessions per minute at or above highAt, each short: users wait for a connection on every request',
    medium: 'new sessions per minute at or above warnAt, each short: work that a kept connection saves',
  },
  why:
    'Each new connection costs a process, an authentication and cold caches: tens of milliseconds that the slowest ' +
    'requests feel first. A connection that is kept between requests, or a pool, pays that once.',
  references: ['https://docs.djangoproject.com/en/stable/ref/databases/#persistent-database-connections'],
  check({server, databases, checkpoints, poolers}, options, _context, window) {
    if (databases.every(({sessions}) => sessions === null)) {
      return {cannotJudge: `PostgreSQL ${server.version} does not count sessions (14 and later do)`}
    }
    const readings = databases.flatMap(
      database => watchedRate(database, window) ?? averageRate(database, server, checkpoints, options.minHistory) ?? [],
    )
    if (!readings.some(({database}) => database === server.database)) {
      const cure = 'ahsp-db check --only connections/churn --window 60'
      return {cannotJudge: 'the session counters cover too little time, or an unknown one', cure}
    }
    readings.sort((a, b) => b.perMinute - a.perMinute)
    const isChurn = ({opened, perMinute, lives}: SessionRate) =>
      opened >= options.minSessions && perMinute >= options.warnAt && lives < options.longLived
    return {
      summary: summary(readings[0]!, options.minSessions),
      findings: readings.filter(isChurn).map(reading => ({
        severity: reading.perMinute >= options.highAt ? 'high' : 'medium',
        subject: `database ${quoteIdent(reading.database)}`,
        title: `${phrase(reading)} in database ${quoteIdent(reading.database)}`,
        detail:
          'That is the pattern of an application that opens a connection for each request (Django: CONN_MAX_AGE = 0). ' +
          'It shows in the slowest requests, not in the median. Scripts or a probe may do the same: log_connections ' +
          'tells who connects.',
        evidence: [
          {label: 'sessions opened', value: reading.opened, source: `pg_stat_database.sessions, ${reading.span}`},
          {
            label: 'sessions per minute',
            value: Math.round(reading.perMinute),
            source: 'the same, divided by that time',
          },
          {label: 'mean life of a session', value: reading.lives, unit: 'seconds', source: 'session_time / sessions'},
        ],
        confidence: reading.confidence,
        fixes: [keepConnections, pooler(poolerNames(poolers))],
      })),
    }
  },
})

const phrase = ({perMinute, lives}: SessionRate) =>
  `${number(Math.round(perMinute))} new connections per minute, each living ${seconds(lives)}`

function summary(fastest: SessionRate, minSessions: number): string {
  const where = `in database ${quoteIdent(fastest.database)}`
  return fastest.opened < minSessions
    ? `connections opened ${where}: ${fastest.opened}, ${fastest.span}`
    : `${phrase(fastest)} ${where}, ${fastest.span}`
}

const keepConnections: FixRequest = {
  kind: 'app',
  title: 'Keep connections open between requests',
  by: {
    django: {
      where: "settings.py, DATABASES['default']",
      lines: ["'CONN_MAX_AGE': 600,", "'CONN_HEALTH_CHECKS': True,", "'OPTIONS': {'connect_timeout': 10},"],
      note: 'Each thread then keeps one connection. Under ASGI leave CONN_MAX_AGE at 0 and use a pool instead.',
    },
    prisma: {where: 'db.ts, once per process', lines: ['export const prisma = new PrismaClient()']},
    sequelize: {where: 'the Sequelize options', lines: ['pool: {max: 10, min: 2, idle: 60000}']},
    plain: {
      where: 'the application',
      lines: ['Open connections in a pool when the process starts, not in each request.'],
    },
  },
}

const pooler = (names: string | null): FixRequest =>
  names === null
    ? {
        kind: 'action',
        title: 'Or put a pooler (PgBouncer) in front, when the clients cannot be changed',
        steps: ['Use pool_mode = transaction: the server side stays open, and connecting to the pooler costs little'],
      }
    : {
        kind: 'action',
        title: 'Or use the pooler that is there, when the clients cannot be changed',
        steps: [useThePooler(names)],
        note: 'If it is PgBouncer itself that opens them, its server_lifetime is too short: pooler/server-lifetime.',
      }
