import {poolerName} from '../../derive/pooler.js'
import {humanValue} from '../../fix/values.js'
import type {Pooler, RoleSetting, Section, Setting, Snapshot} from '../../snapshot.js'
import {quoteIdent} from '../../sql/quote.js'
import {schemaChanges} from './schema.js'
import type {Change} from './types.js'

export type Changes = {changes: Change[]; unknown: string[]}

/** What changed in settings, pools, versions and schema between two snapshots, and what cannot be told. Pure. */
export function changesBetween(before: Snapshot | null, after: Snapshot | null): Changes {
  if (!before || !after) return {changes: [], unknown: ['a run has no snapshot: what was changed cannot be told']}
  const found: Changes = {changes: targetChanges(before, after), unknown: []}
  const add = <T>(name: string, pick: (of: Snapshot) => Section<T>, changed: (a: T, b: T) => Change[]) => {
    const [a, b] = [pick(before), pick(after)]
    if (a.ok && b.ok) found.changes.push(...changed(a.data, b.data))
    else found.unknown.push(`${name}: ${reasonOf(a, b)}`)
  }
  add(
    'server',
    of => of.sections.server,
    (a, b) => valueChange('version', 'PostgreSQL', a.version, b.version),
  )
  add(
    'settings',
    of => of.sections.settings,
    (a, b) => settingChanges(a, b, isSameVersion(before, after)),
  )
  add('role settings', of => of.sections.roleSettings, roleChanges)
  add(
    'extensions',
    of => of.sections.extensions,
    (a, b) => mapChanges('extension', versionsOf(a), versionsOf(b), name => `extension ${quoteIdent(name)}`),
  )
  const hasPools = ![before, after].every(({sections: {poolers}}) => isNone(poolers))
  if (hasPools) add('pools', of => of.sections.poolers, poolerChanges)
  const schema = schemaChanges(before, after)
  found.changes.push(...schema.changes)
  found.unknown.push(...schema.unknown)
  return found
}

const isNone = (section: Section<unknown>) => !section.ok && section.reason === 'unsupported'

function reasonOf(a: Section<unknown>, b: Section<unknown>): string {
  const [closed, side] = a.ok ? [b, 'second'] : [a, 'first']
  return `not read in the ${side} run${closed.ok ? '' : ` (${closed.message})`}`
}

function targetChanges(before: Snapshot, after: Snapshot): Change[] {
  const name = ({target: {host, port, database}}: Snapshot) => `${host}:${port}/${database}`
  return valueChange('target', 'watched', name(before), name(after))
}

const valueChange = (kind: Change['kind'], name: string, a: string, b: string): Change[] =>
  a === b ? [] : [{kind, text: `${name} ${a} -> ${b}`, of: {name, from: a, to: b}}]

/** Of the connection that read them, or of where the files lie: no part of what was tried. */
const OWN_SOURCES = new Set(['client', 'session'])
const PLACES = /^(config_file|hba_file|ident_file|data_directory|external_pid_file|unix_socket_directories|port)$/

/** Defaults that the server works out from other settings (io_max_concurrency) follow them; nobody set them. */
const DERIVED = new Set(['default', 'override'])

const isSameVersion = ({sections: {server: a}}: Snapshot, {sections: {server: b}}: Snapshot) =>
  a.ok && b.ok && a.data.version === b.data.version

function settingChanges(before: Setting[], after: Setting[], isSame: boolean): Change[] {
  const known = new Map(before.map(setting => [setting.name, setting]))
  return after.flatMap((now): Change[] => {
    const was = known.get(now.name)
    if (!was || PLACES.test(now.name) || now.context === 'internal') return []
    if (OWN_SOURCES.has(was.source) || OWN_SOURCES.has(now.source)) return []
    if (isSame && DERIVED.has(was.source) && DERIVED.has(now.source)) return []
    const waits = now.pendingRestart && !was.pendingRestart
    const text = `${now.name} ${shown(was)} -> ${shown(now)}`
    const of = {name: now.name, from: shown(was), to: shown(now)}
    if (was.value !== now.value) return [{kind: 'setting', text, of}]
    return waits
      ? [
          {
            kind: 'setting',
            text: `${now.name} was written, but waits for a restart: still ${shown(now)}`,
            of: {...of, to: `${shown(now)}, another value waits for a restart`},
          },
        ]
      : []
  })
}

const shown = ({value, unit}: Setting) => (value === '' ? "''" : humanValue(value, unit))

function roleChanges(before: RoleSetting[], after: RoleSetting[]): Change[] {
  const byName = (rows: RoleSetting[]) =>
    new Map(rows.map(({role, database, name, value}) => [JSON.stringify([role, database, name]), value]))
  const name = (key: string) => {
    const [role, database, setting] = JSON.parse(key) as [string | null, string | null, string]
    const whose = [role && `role ${quoteIdent(role)}`, database && `database ${quoteIdent(database)}`].filter(Boolean)
    return `${setting} of ${whose.join(' in ') || 'all'}`
  }
  return mapChanges('setting', byName(before), byName(after), name)
}

/** Values that came, went or changed. */
function mapChanges(
  kind: Change['kind'],
  before: ReadonlyMap<string, string>,
  after: ReadonlyMap<string, string>,
  nameOf: (key: string) => string,
): Change[] {
  const keys = [...new Set([...before.keys(), ...after.keys()])].sort()
  return keys.flatMap((key): Change[] => {
    const [a, b] = [before.get(key), after.get(key)]
    if (a === b) return []
    const of = {name: nameOf(key), from: a ?? null, to: b ?? null}
    return [{kind, text: `${of.name} ${a ?? 'none'} -> ${b ?? 'none'}`, of}]
  })
}

const versionsOf = (extensions: readonly {name: string; version: string}[]) =>
  new Map(extensions.map(({name, version}) => [name, version]))

/** Of the file system, or of the process. */
const POOLER_PLACES = /file$|^(listen_|unix_|conffile|pidfile|service_name|syslog)/

/** The processes by name; one that was not there before is a change by itself. */
function poolerChanges(before: Pooler[], after: Pooler[]): Change[] {
  const names = [...new Set([...before, ...after].map(poolerName))].sort()
  return names.flatMap((name): Change[] => {
    const [a, b] = [before, after].map(list => list.find(pooler => poolerName(pooler) === name))
    if (!a || !b) {
      const of = {name: `PgBouncer ${name}`, from: a ? 'in front' : null, to: b ? 'in front' : null}
      return [{kind: 'pooler', text: `PgBouncer ${name} ${a ? 'is gone' : 'was put in front'}`, of}]
    }
    const inside = (key: string) => `PgBouncer ${name}: ${key}`
    return [
      ...valueChange('version', `PgBouncer ${name}`, a.version, b.version),
      ...mapChanges('pooler', configOf(a), configOf(b), inside),
      ...mapChanges('pooler', databasesOf(a, b), databasesOf(b, a), inside),
    ]
  })
}

const configOf = ({config}: Pooler) =>
  new Map(config.filter(({name}) => !POOLER_PLACES.test(name)).map(({name, value}) => [name, value]))

/** Sizes that are the default's own are not told twice. */
function databasesOf(pooler: Pooler, other: Pooler): Map<string, string> {
  const general = (of: Pooler, name: string) => of.config.find(item => item.name === name)?.value
  const isSame = (name: string) => general(pooler, name) === general(other, name)
  const rows = pooler.databases.flatMap((database): [string, string][] => {
    const name = quoteIdent(database.name)
    const target: [string, string] = [
      `${name} goes to`,
      `${database.host ?? 'the socket'}:${database.port}/${database.database}`,
    ]
    const sizes: [string, string, string][] = [
      [`pool_size of ${name}`, `${database.poolSize}`, 'default_pool_size'],
      [`reserve_pool_size of ${name}`, `${database.reservePoolSize}`, 'reserve_pool_size'],
      [`max_db_connections of ${name}`, `${database.maxConnections}`, 'max_db_connections'],
      [`pool_mode of ${name}`, database.poolMode ?? 'the general one', 'pool_mode'],
    ]
    return [target, ...sizes.flatMap(([key, value, from]): [string, string][] => (isSame(from) ? [[key, value]] : []))]
  })
  return new Map(rows)
}
