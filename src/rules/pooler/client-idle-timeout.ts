import {poolerName} from '../../derive/pooler.js'
import {fromConfig, judgeNumber} from '../../derive/pooler-settings.js'
import {defineRule, type FixRequest} from '../../rule.js'
import {seconds} from '../../units.js'

export default defineRule({
  id: 'pooler/client-idle-timeout',
  title: 'The pooler closes connections that the application still keeps',
  category: 'pooler',
  asksFor: 'pooler',
  needs: ['poolers'],
  options: {
    connectionAge: {
      default: 600,
      unit: 'seconds',
      help: 'how long the application keeps a connection (CONN_MAX_AGE in Django, idleTimeout of a pool)',
    },
  },
  severity: {
    medium: 'a quiet minute closes connections that the application believes are open: the next requests fail',
  },
  why:
    'Clients cost a pooler next to nothing, so there is little to win from closing idle ones. The application finds ' +
    'out only when it uses the connection, and its user sees an error.',
  references: [
    'https://www.pgbouncer.org/config.html#client_idle_timeout',
    'https://docs.djangoproject.com/en/stable/ref/databases/#persistent-connections',
  ],
  check({poolers}, {connectionAge}) {
    return judgeNumber(poolers, 'client_idle_timeout', (value, pooler) => {
      if (value === 0 || value >= connectionAge) return null
      return {
        severity: 'medium',
        subject: poolerName(pooler),
        title: `The pooler closes clients idle for ${seconds(value)}, the application keeps them for ${seconds(connectionAge)}`,
        detail:
          'How long the application really keeps them was not told, so it is assumed. Frameworks that test a connection ' +
          'before its use (CONN_HEALTH_CHECKS in Django) hide the errors and pay for new connections instead.',
        evidence: [
          fromConfig(pooler, 'client_idle_timeout', 'seconds'),
          {
            label: 'kept by the application',
            value: connectionAge,
            unit: 'seconds',
            source: 'assumed: option connectionAge',
          },
        ],
        confidence: 'assumed',
        fixes: [{kind: 'pooler', pooler, name: 'client_idle_timeout', to: '0'}, inApplication(value)],
      }
    })
  },
})

function inApplication(timeout: number): FixRequest {
  const age = Math.max(0, Math.floor(timeout / 2))
  return {
    kind: 'app',
    title: 'Or let the application give them up first',
    by: {
      django: {
        where: "settings.py, DATABASES['default']",
        lines: [`'CONN_MAX_AGE': ${age},`, "'CONN_HEALTH_CHECKS': True,"],
      },
      rails: {where: 'config/database.yml', lines: [`idle_timeout: ${age}`]},
      sequelize: {where: 'the Sequelize options', lines: [`pool: {idle: ${age * 1000}}`]},
      knex: {where: 'the knex options', lines: [`pool: {min: 0, idleTimeoutMillis: ${age * 1000}}`]},
      plain: {where: "the connection pool's options", lines: [`idle timeout: ${age} seconds`]},
    },
  }
}
