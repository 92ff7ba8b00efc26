import {baseValue, sqlName, sqlValue} from '../fix/values.js'
import type {FileSetting, RoleSetting, Setting} from '../snapshot.js'

/** A value that somebody wrote into a file, and what beats it. */
export type Overridden = {
  setting: Setting
  /** lines that lose although they say something else; empty: only roles differ */
  losers: FileSetting[]
  winner:
    | {kind: 'auto' | 'line'; line: FileSetting; value: string}
    | {kind: 'start'; source: string; value: string}
    | {kind: 'roles'; value: string}
  /** ALTER ROLE/DATABASE ... SET with another value than the server's */
  roles: RoleSetting[]
}

/** Lines that initdb writes by itself, or that are each session's own affair: nobody meant them as a rule for all. */
const NOT_MEANT =
  /^(timezone|log_timezone|datestyle|lc_\w+|default_text_search_config|search_path|dynamic_shared_memory_type)$/i
const INITDB: Record<string, string> = {shared_buffers: '128MB', max_wal_size: '1GB', min_wal_size: '80MB'}

/** Everything that a file says and that does not hold. `files` null: hidden, so only roles can be compared. */
export function overriddenSettings(
  settings: readonly Setting[],
  files: readonly FileSetting[] | null,
  roleSettings: readonly RoleSetting[],
): Overridden[] {
  const linesOf = new Map<string, FileSetting[]>()
  for (const line of files ?? []) {
    const name = line.name.toLowerCase()
    if (!/syntax error/.test(line.error ?? '')) linesOf.set(name, [...(linesOf.get(name) ?? []), line])
  }
  return settings
    .filter(({name}) => !NOT_MEANT.test(name))
    .map(setting => compare(setting, linesOf.get(setting.name.toLowerCase()) ?? [], roleSettings))
    .filter(item => item !== null)
}

function compare(setting: Setting, lines: FileSetting[], roleSettings: readonly RoleSetting[]): Overridden | null {
  const winner = winnerOf(setting, lines)
  if (!winner) return null
  const differs = (value: string) => !sameSetting(value, winner.value, setting)
  const losers = lines.filter(({value}) => differs(value) && !isDefault(value, setting))
  const own = roleSettings.filter(({name, value}) => name === setting.name && differs(value))
  const roles = isDefault(winner.value, setting) ? [] : own
  return losers.length > 0 || roles.length > 0 ? {setting, losers, winner, roles} : null
}

function winnerOf(setting: Setting, lines: FileSetting[]): Overridden['winner'] | null {
  const {source, value} = setting
  if (source === 'command line' || source === 'environment variable') return {kind: 'start', source, value}
  const line = lines.at(-1)
  if (line) return {kind: isAuto(line) ? 'auto' : 'line', line, value: line.value}
  return source === 'configuration file' ? {kind: 'roles', value} : null
}

const isAuto = ({file}: FileSetting): boolean => /[\\/]postgresql\.auto\.conf$/.test(file)

const isDefault = (value: string, setting: Setting): boolean =>
  [setting.bootValue, INITDB[setting.name]].some(each => typeof each === 'string' && sameSetting(value, each, setting))

/** The same for the server: 256MB and 32768 of 8kB, yes and on, 1.1 and 1.10. */
function sameSetting(a: string, b: string, {unit, vartype}: Setting): boolean {
  const normal = (text: string) => {
    const value = baseValue(text, unit).trim()
    if (vartype === 'bool') return /^(on|t(rue?)?|tr|y(es?)?|1)$/i.test(value) ? 'on' : 'off'
    if (vartype === 'integer' || vartype === 'real') return String(Number(value))
    return vartype === 'enum' ? value.toLowerCase() : value
  }
  return normal(a) === normal(b)
}

/** `name = value` for ALTER SYSTEM, ALTER ROLE and ALTER DATABASE. */
export const assignment = (name: string, value: string): string => `${sqlName(name)} = ${sqlValue(name, value)}`

/** The name alone, for RESET. */
export const settingName = sqlName
