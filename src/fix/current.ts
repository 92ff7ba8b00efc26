import type {FileSetting, RoleSetting, Setting, Snapshot} from '../snapshot.js'
import type {Platform} from './platform.js'
import {confValue, humanValue} from './values.js'

/** Who sets a setting now, and so where a change must go. */
export type Place =
  | {kind: 'file'; file: string; line: number; old: string}
  /** set by ALTER SYSTEM; that file is read last, so a line in postgresql.conf would lose */
  | {kind: 'auto'; oldValue: string}
  | {kind: 'absent'; file: string | null}
  /** a file sets it, but our role may not see which */
  | {kind: 'hidden'; old: string}
  /** beats every file */
  | {kind: 'outside'; source: 'command line' | 'environment variable'}

export type Current = {
  setting: Setting | null
  /** as people write it; null: hidden from our role */
  value: string | null
  place: Place
  /** the file (or auto.conf) holds this value already, waiting for a restart or reload; else null */
  fileValue: string | null
  /** ALTER ROLE/DATABASE ... SET of this setting */
  overrides: RoleSetting[]
  /** false: allow_alter_system is off (17+) */
  alterSystem: boolean
}

const OVERRIDING = ['global', 'database', 'user', 'database user', 'client', 'session', 'interactive']

/** Reads from the snapshot who sets `name`, to which value, and which roles or databases override it. */
export function readCurrent(name: string, sections: Snapshot['sections'], platform: Platform): Current {
  const settings = sections.settings.ok ? sections.settings.data : []
  const setting = settings.find(item => item.name === name) ?? null
  const files = sections.fileSettings.ok ? sections.fileSettings.data : []
  const overrides = sections.roleSettings.ok ? sections.roleSettings.data.filter(item => item.name === name) : []
  // The last line wins. pg_file_settings knows edits that pg_settings has not seen yet.
  const line = files.filter(item => item.name === name && !isSyntaxError(item)).at(-1) ?? null
  return {
    setting,
    value: setting ? humanValue(setting.value, setting.unit) : null,
    place: findPlace(setting, line, platform),
    fileValue: line?.value ?? null,
    overrides,
    alterSystem: settings.find(item => item.name === 'allow_alter_system')?.value !== 'off',
  }
}

/** A line that waits for a restart has an error too; only one that no value can be taken from is left out. */
function isSyntaxError(line: FileSetting): boolean {
  return line.error !== null && /syntax error/.test(line.error)
}

function findPlace(setting: Setting | null, line: FileSetting | null, platform: Platform): Place {
  if (setting?.source === 'command line' || setting?.source === 'environment variable') {
    return {kind: 'outside', source: setting.source}
  }
  if (line) return filePlace(line.file, line.line, line.value, confLine(line.name, setting?.vartype, line.value))
  if (setting?.sourceFile && setting.sourceLine !== null) {
    const value = humanValue(setting.value, setting.unit)
    return filePlace(setting.sourceFile, setting.sourceLine, value, confLine(setting.name, setting.vartype, value))
  }
  if (setting?.source === 'configuration file') {
    return {kind: 'hidden', old: confLine(setting.name, setting.vartype, humanValue(setting.value, setting.unit))}
  }
  return {kind: 'absent', file: platform.configFile}
}

function filePlace(file: string, line: number, oldValue: string, old: string): Place {
  if (/[\\/]postgresql\.auto\.conf$/.test(file)) return {kind: 'auto', oldValue}
  return {kind: 'file', file, line, old}
}

/** `name = value` as it stands in postgresql.conf. */
export function confLine(name: string, vartype: Setting['vartype'] | undefined, value: string): string {
  return `${name} = ${confValue(value, vartype)}`
}

/** True when the value that was judged came from ALTER ROLE/DATABASE ... SET of our own session. */
export function isOverridden(current: Current): boolean {
  return current.setting !== null && OVERRIDING.includes(current.setting.source) && current.overrides.length > 0
}
