import type {Block, Fix} from '../report.js'
import type {FixRequest} from '../rule.js'
import type {Pooler, PoolerTarget, Snapshot} from '../snapshot.js'
import {shellQuote} from './apply.js'
import {joinNotes} from './note.js'
import {verifyBlocks} from './verify.js'

type PoolerRequest = Extract<FixRequest, {kind: 'pooler'}>

const UNKNOWN_FILE = 'pgbouncer.ini'
const PACKAGED_FILE = '/etc/pgbouncer/pgbouncer.ini'

/** How to reach this console again. */
export const consoleConninfo = ({target: {host, port, user}}: Pick<Pooler, 'target'>): string =>
  `host=${value(host)} port=${port} user=${value(user)} dbname=pgbouncer`

const value = (text: string) =>
  /^[\w.:/@-]+$/.test(text) ? text : `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`

/** A changed line of pgbouncer.ini. The console tells the file and the values, not the lines. */
export function poolerFix(request: PoolerRequest, question: string, sections: Snapshot['sections']): Fix {
  const pooler = findPooler(sections, request.pooler.target)
  const setting = pooler.config.find(({name}) => name === request.name)
  const place = request.database === undefined ? generalPlace(request, pooler) : entryPlace(request, pooler)
  const isReloadable = request.database !== undefined || (setting?.isReloadable ?? true)
  const effect = isReloadable ? [reload(pooler), ...(request.reconnect ? [reconnect(pooler)] : [])] : restart(pooler)
  const note = joinNotes([request.note])
  const to = {file: place.file, place: place.place, language: 'conf' as const}
  return {
    kind: 'pooler',
    title: request.title ?? `Set ${request.name} = ${request.to} in pgbouncer.ini`,
    risk: request.risk ?? (isReloadable ? 'safe' : 'review'),
    ...(note && {note}),
    setting: {name: request.name, from: place.from, to: request.to, apply: isReloadable ? 'reload' : 'restart'},
    steps: [
      {
        ...to,
        text: `${place.old ? 'Change' : 'Add or change'} the line in ${place.file}`,
        lines: [place.line],
        ...(place.old && {replaces: place.old}),
      },
      ...effect,
    ],
    alternative: [],
    verify: verifyBlocks(question),
    undo: [
      {
        ...to,
        text: place.old ? `Put the old line back in ${place.file}` : `Remove the line from ${place.file}`,
        lines: place.old ? [place.old] : [],
        replaces: place.line,
      },
      ...effect,
    ],
  }
}

/** A command for this pooler's console, about everything or about one of its databases. */
export function poolerCommand(
  pooler: Pooler,
  command: 'RELOAD' | 'RECONNECT' | 'RESUME' | 'ENABLE',
  database?: string,
): string {
  const {host, port} = pooler.target
  const admin = settingOf(pooler, 'admin_users').split(/[,\s]+/)[0] || '<admin user>'
  const words = database === undefined ? command : shellQuote(`${command} ${consoleWord(database)}`)
  return `psql -h ${quoted(host)} -p ${port} -U ${quoted(admin)} pgbouncer -c ${words}`
}

const consoleWord = (name: string) => (/^[a-z0-9_]+$/.test(name) ? name : `"${name.replaceAll('"', '""')}"`)

const quoted = (text: string) => (/^[\w./-]+$/.test(text) ? text : shellQuote(text))

const settingOf = ({config}: Pooler, name: string): string => config.find(item => item.name === name)?.value ?? ''

const fileOf = (pooler: Pooler): string => settingOf(pooler, 'conffile') || UNKNOWN_FILE

type Place = {file: string; place: string; line: string; old: string | null; from: string | null}

/** A value that is not the default has its line in the file; the default may have one as well. */
function generalPlace({name, to}: PoolerRequest, pooler: Pooler): Place {
  const setting = pooler.config.find(item => item.name === name)
  const isInFile = setting !== undefined && setting.default !== null && setting.value !== setting.default
  return {
    file: fileOf(pooler),
    place: 'section [pgbouncer]',
    line: `${name} = ${to}`,
    old: isInFile ? `${name} = ${setting.value}` : null,
    from: setting?.value ?? null,
  }
}

/** What SHOW DATABASES calls otherwise than the file does. */
const ENTRY_VALUES: Record<string, (database: Pooler['databases'][number]) => string | number | null> = {
  host: database => database.host,
  pool_size: database => database.poolSize,
  reserve_pool: database => database.reservePoolSize,
  min_pool_size: database => database.minPoolSize,
  pool_mode: database => database.poolMode,
  max_db_connections: database => database.maxConnections,
}

function entryPlace({name, to, database}: PoolerRequest, pooler: Pooler): Place {
  const entry = pooler.databases.find(item => item.name === database)
  const from = entry ? (ENTRY_VALUES[name]?.(entry) ?? null) : null
  return {
    file: fileOf(pooler),
    place: `section [databases], line of ${database}`,
    line: `${name}=${to}`,
    old: from === null ? null : `${name}=${from}`,
    from: from === null ? null : String(from),
  }
}

const reload = (pooler: Pooler): Block => ({
  text: "Reload PgBouncer's configuration",
  language: 'sh',
  lines: [poolerCommand(pooler, 'RELOAD')],
})

const reconnect = (pooler: Pooler): Block => ({
  text: 'Reconnect: server connections are renewed as they become free',
  language: 'sh',
  lines: [poolerCommand(pooler, 'RECONNECT')],
})

/** The text of the command is also what tests look for: a restart goes through whoever holds the process. */
function restart(pooler: Pooler): Block[] {
  const isPackaged = fileOf(pooler) === PACKAGED_FILE
  const text = isPackaged ? 'Restart PgBouncer (cuts every client)' : 'Restart PgBouncer (cuts every client), e.g.'
  return [{text, language: 'sh', lines: ['sudo systemctl restart pgbouncer']}]
}

function findPooler({poolers}: Snapshot['sections'], {host, port}: PoolerTarget): Pooler {
  const found = poolers.ok ? poolers.data.find(({target}) => target.host === host && target.port === port) : undefined
  if (!found) throw new Error(`the rule names a pooler at ${host}:${port} that the snapshot does not have`)
  return found
}
