import type {ActionStep, AppLines, FixRequest} from '../rule.js'
import type {Pooler} from '../snapshot.js'
import {reachOf} from './network.js'
import {poolerNumber, poolerSetting, poolModeOf} from './pooler.js'
import type {PooledRole, ServedDatabase} from './served.js'

/** The first version that keeps named prepared statements apart for each client. */
const KEEPS_PREPARED = 12100

/** Whether clients may prepare statements by name in transaction mode. */
export const keepsPrepared = (pooler: Pooler): boolean =>
  pooler.versionNum >= KEEPS_PREPARED && (poolerNumber(pooler, 'max_prepared_statements') ?? 0) > 0

/** Where an application at this address finds the pooler; a placeholder when only this machine's own name is known. */
export function poolerAddress({target: {host, port}}: Pooler, clientAddr: string | null): {host: string; port: number} {
  const isOwnName = host.startsWith('/') || host === 'localhost' || reachOf(host) === 'local'
  const isKnown = !isOwnName || reachOf(clientAddr) === 'local'
  return {host: !isKnown ? "<PgBouncer's host>" : host.startsWith('/') ? '127.0.0.1' : host, port}
}

/** The application's settings with the pooler's address in place of the server's; null: not known. */
export function connectThrough(
  {database, entries, roles}: ServedDatabase,
  role: string | null,
  clientAddr: string | null,
): FixRequest {
  // Where its other processes are already; else the entry that keeps the database's name needs the fewest changes.
  const own = roles.find(each => each.role === role)
  const {pooler, entry} = own ?? entries.find(({entry}) => entry.name === database) ?? entries[0]!
  const {host, port} = poolerAddress(pooler, clientAddr)
  const isByTransaction = poolModeOf(pooler, entry, role ?? undefined) !== 'session'
  const name = (line: string) => (entry.name === database ? [] : [line])
  const named = isByTransaction && !keepsPrepared(pooler)
  const url = `postgres://${role === null ? '<role>' : encodeURIComponent(role)}:<password>@${bracketed(host)}:${port}/${encodeURIComponent(entry.name)}`
  const plain = (line: string): AppLines => ({
    where: 'the environment of every process (web, workers, cron)',
    lines: [line],
  })
  return {
    kind: 'app',
    title: 'Point the application at PgBouncer',
    note: 'Restart every process of it afterwards: sessions that are open stay where they are.',
    by: {
      django: {
        where: "settings.py, DATABASES['default']",
        lines: [
          `'HOST': os.environ.get('PGBOUNCER_HOST', '${host}'),`,
          `'PORT': os.environ.get('PGBOUNCER_PORT', '${port}'),`,
          ...name(`'NAME': '${entry.name.replaceAll("'", "\\'")}',`),
          ...(isByTransaction ? ["'DISABLE_SERVER_SIDE_CURSORS': True,"] : []),
        ],
        note: `Set PGBOUNCER_HOST=${host} and PGBOUNCER_PORT=${port} in the environment of every process (web, workers, cron).`,
      },
      rails: {
        where: 'config/database.yml',
        lines: [
          `host: ${host}`,
          `port: ${port}`,
          ...name(`database: ${entry.name}`),
          ...(named ? ['prepared_statements: false'] : []),
          ...(isByTransaction ? ['advisory_locks: false'] : []),
        ],
        note: 'Migrations keep an address of their own, straight to PostgreSQL.',
      },
      prisma: {
        ...plain(`DATABASE_URL="${url}${named ? '?pgbouncer=true' : ''}"`),
        note: "Migrations keep the server's own address: directUrl in schema.prisma.",
      },
      sequelize: plain(`DATABASE_URL="${url}"`),
      plain: plain(`DATABASE_URL="${url}"`),
    },
  }
}

const bracketed = (host: string): string => (host.includes(':') ? `[${host}]` : host)

/** A pool of its own for work that needs a session: an entry beside the one that works by transaction. */
export function sessionEntry({pooler, entry}: PooledRole, what: string): FixRequest {
  const name = `${entry.name}_session`
  const target = [
    ...(entry.host === null ? [] : [`host=${entry.host}`]),
    `port=${entry.port} dbname=${entry.database} pool_mode=session pool_size=5`,
  ]
  const steps: ActionStep[] = [
    {
      text: `Add to section [databases] of ${poolerSetting(pooler, 'conffile') || 'pgbouncer.ini'}, then RELOAD`,
      lines: [`${name} = ${target.join(' ')}`],
      language: 'conf',
    },
    `Let ${what} connect to the database ${name}; the rest stays with ${entry.name}`,
  ]
  return {
    kind: 'action',
    title: `Or give ${what} a pool by session`,
    risk: 'review',
    steps,
    note: 'Each of its clients holds a server connection while it is connected: pool_size must suffice for all of them.',
  }
}
