import {poolerName} from '../../derive/pooler.js'
import {fromConfig, judgeNumber} from '../../derive/pooler-settings.js'
import {defineRule} from '../../rule.js'
import {seconds} from '../../units.js'

export default defineRule({
  id: 'pooler/server-lifetime',
  title: 'Server connections are thrown away too soon',
  category: 'pooler',
  asksFor: 'pooler',
  needs: ['poolers'],
  options: {
    min: {default: 300, unit: 'seconds', help: 'a shorter life costs more new connections than it is worth'},
    target: {default: 3600, unit: 'seconds', help: 'what the fix sets'},
  },
  severity: {
    high: '0: each connection serves once and is closed, so that pooling saves nothing',
    low: 'shorter than min: the server forks and authenticates all day, and its caches start cold',
  },
  why:
    'A pooler saves the time of opening connections. When it closes them after seconds it opens them all day itself, ' +
    'and users wait for that as they did without it.',
  references: ['https://www.pgbouncer.org/config.html#server_lifetime'],
  check({poolers}, {min, target}) {
    return judgeNumber(poolers, 'server_lifetime', (value, pooler) => {
      if (value >= min) return null
      return {
        severity: value === 0 ? 'high' : 'low',
        subject: poolerName(pooler),
        title:
          value === 0
            ? 'Every server connection is closed after its first use (server_lifetime = 0)'
            : `Server connections live for ${seconds(value)} only`,
        detail:
          'Only unused connections are closed, so it shortens no transaction. The new ones cost a fork and a login each. ' +
          'A short life is right for some minutes after a failover, or while role settings are being changed.',
        evidence: [fromConfig(pooler, 'server_lifetime', 'seconds')],
        confidence: 'measured',
        fixes: [{kind: 'pooler', pooler, name: 'server_lifetime', to: String(target)}],
      }
    })
  },
})
