import type {FixRequest} from '../rule.js'

/** Sessions out of the database, in the application's own words. */
export const cacheSessions = (table: string): FixRequest => ({
  kind: 'app',
  title: 'Keep sessions in a cache instead of the database',
  note: 'Everybody has to log in once more.',
  by: {
    django: {
      where: 'settings.py',
      lines: [
        "SESSION_ENGINE = 'django.contrib.sessions.backends.cache'",
        'CACHES = {',
        "    'default': {",
        "        'BACKEND': 'django.core.cache.backends.redis.RedisCache',",
        "        'LOCATION': 'redis://127.0.0.1:6379/1',",
        '    },',
        '}',
      ],
      note:
        'Django before 4.0 takes the backend from the package django-redis. cached_db instead of cache keeps a copy in ' +
        'the table: reads leave the database, writes do not.',
    },
    rails: {
      where: 'config/environments/production.rb',
      lines: [
        "config.cache_store = :redis_cache_store, {url: ENV.fetch('REDIS_URL')}",
        "config.session_store :cache_store, key: '_app_session'",
      ],
    },
    plain: {
      where: "the application's session store",
      lines: [
        `Redis, or signed cookies, instead of ${table}`,
        'express-session: connect-redis instead of connect-pg-simple',
      ],
    },
  },
})

/** For a table that only grows. */
export const removeExpired = (table: string): FixRequest => ({
  kind: 'app',
  title: 'Remove expired sessions every night',
  risk: 'safe',
  by: {
    django: {where: 'the crontab of the application', lines: ['0 3 * * * python manage.py clearsessions']},
    rails: {where: 'the crontab of the application', lines: ['0 3 * * * bin/rails db:sessions:trim']},
    plain: {where: 'a nightly job', lines: [`delete the rows of ${table} that have expired, some thousand at a time`]},
  },
})
