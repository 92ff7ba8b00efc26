import {QUERY_WAIT_SECONDS} from '../../derive/pool-budget.js'
import {poolerName} from '../../derive/pooler.js'
import {fromConfig, judgeNumber} from '../../derive/pooler-settings.js'
import {defineRule} from '../../rule.js'
import {seconds} from '../../units.js'

export default defineRule({
  id: 'pooler/query-wait-timeout',
  title: 'Clients wait for a connection longer than anybody waits for them',
  category: 'pooler',
  asksFor: 'pooler',
  needs: ['poolers'],
  options: {
    requestTimeout: {
      default: 30,
      unit: 'seconds',
      help: 'after this the web server gives up on a request (app.requestTimeout in the configuration says it better)',
    },
    target: {default: QUERY_WAIT_SECONDS, unit: 'seconds', help: 'the longest wait that the fix allows'},
  },
  severity: {
    medium: 'the wait has no end, or one after the web server has given up: the queue is full of requests nobody needs',
  },
  why:
    'When all connections of a pool are busy, clients wait in line. A request that waits longer than its web server ' +
    'does is lost already, but keeps its place and its worker: an overload then looks like a standstill.',
  references: ['https://www.pgbouncer.org/config.html#query_wait_timeout'],
  check({poolers}, options, context) {
    const limit = context.requestTimeout ?? options.requestTimeout
    const isKnown = context.requestTimeout !== undefined
    return judgeNumber(poolers, 'query_wait_timeout', (value, pooler) => {
      if (value > 0 && value < limit) return null
      const target = Math.max(1, Math.min(options.target, Math.floor(limit / 2)))
      return {
        severity: 'medium',
        subject: poolerName(pooler),
        title:
          value === 0
            ? 'Clients wait for a server connection without any limit'
            : `Clients wait up to ${seconds(value)} for a server connection, requests end after ${seconds(limit)}`,
        detail:
          `${isKnown ? '' : 'When the web server gives up was not told, so it is assumed. '}` +
          'It shows only when a pool is full; that it has happened is not claimed here. ' +
          'With a short limit the application gets an error that it can show, and the line stays short.',
        evidence: [
          fromConfig(pooler, 'query_wait_timeout', 'seconds'),
          {
            label: 'a request ends after',
            value: limit,
            unit: 'seconds',
            source: isKnown ? 'given: app.requestTimeout' : 'assumed: option requestTimeout',
          },
        ],
        confidence: value === 0 ? 'measured' : isKnown ? 'estimated' : 'assumed',
        fixes: [
          {
            kind: 'pooler',
            pooler,
            name: 'query_wait_timeout',
            to: String(target),
            note: 'Whoever waits longer loses the connection with the error query_wait_timeout. Jobs that may wait longer retry.',
          },
        ],
      }
    })
  },
})
