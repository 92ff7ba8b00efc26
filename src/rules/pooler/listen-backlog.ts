import {poolerName} from '../../derive/pooler.js'
import {fromConfig, judgeNumber, listenAddresses} from '../../derive/pooler-settings.js'
import {type Context, defineRule} from '../../rule.js'

export default defineRule({
  id: 'pooler/listen-backlog',
  title: 'The queue of new connections is shorter than a rush of them',
  category: 'pooler',
  asksFor: 'pooler',
  needs: ['poolers'],
  options: {
    factor: {default: 2, unit: 'ratio', help: 'the fix makes room for this many times the rush'},
  },
  severity: {
    medium: 'the connections that the application is configured for do not fit: after a restart some wait for seconds',
    low: 'one connection for each user would not fit',
  },
  why:
    'After a deploy all processes of the application connect at the same moment. What does not fit into the queue of ' +
    'the socket is dropped, and tries again a second later, then three, then seven.',
  references: ['https://www.pgbouncer.org/config.html#listen_backlog'],
  check({poolers}, {factor}, context) {
    const rush = rushOf(context)
    return judgeNumber(poolers, 'listen_backlog', (value, pooler) => {
      if (!rush || value >= rush.connections || listenAddresses(pooler).length === 0) return null
      return {
        severity: rush.isConfigured ? 'medium' : 'low',
        subject: poolerName(pooler),
        title: `A rush of ${rush.connections} connections meets a queue of ${value}`,
        detail:
          'PgBouncer empties the queue quickly, so most rushes pass. TLS and SCRAM make it slower. ' +
          'Drops are counted by the system: nstat -az TcpExtListenDrops. ' +
          'The kernel cuts the length to net.core.somaxconn (4096, and 128 before Linux 5.4), which is not seen from here.',
        evidence: [
          fromConfig(pooler, 'listen_backlog', 'count'),
          {label: 'connections at once', value: rush.connections, unit: 'count', source: rush.source},
        ],
        confidence: rush.isConfigured ? 'estimated' : 'assumed',
        fixes: [
          {
            kind: 'pooler',
            pooler,
            name: 'listen_backlog',
            to: String(Math.ceil(rush.connections * factor)),
            note: 'Raise net.core.somaxconn as well where it is lower (sysctl net.core.somaxconn).',
          },
        ],
      }
    })
  },
})

/** Everything that can connect at once; null: nobody said. */
function rushOf({app, users}: Context) {
  if (app) {
    const {instances, workers, threads, poolSize} = app
    return {connections: instances * workers * (poolSize ?? threads), isConfigured: true, source: 'given: app'}
  }
  return users === undefined ? null : {connections: users, isConfigured: false, source: 'assumed: one for each user'}
}
