import type {RoleSetting, Setting} from '../snapshot.js'

/** pg_settings' units in bytes or milliseconds. */
const BYTES: Record<string, number> = {
  B: 1,
  kB: 1024,
  '8kB': 8192,
  '16kB': 16384,
  '32kB': 32768,
  MB: 1024 ** 2,
  '16MB': 16 * 1024 ** 2,
  GB: 1024 ** 3,
}
const MILLISECONDS: Record<string, number> = {us: 0.001, ms: 1, s: 1000, min: 60_000, h: 3_600_000, d: 86_400_000}

/** The setting by name. Rules declare the names in `settings`, so analyze.ts has made sure that it is there. */
export function setting(settings: readonly Setting[], name: string): Setting {
  const found = settings.find(s => s.name === name)
  if (!found) throw new Error(`the rule reads the setting ${name} without declaring it`)
  return found
}

export const settingNumber = (settings: readonly Setting[], name: string): number =>
  Number(setting(settings, name).value)

export const isOn = (settings: readonly Setting[], name: string): boolean => setting(settings, name).value === 'on'

/** In bytes; PostgreSQL's -1 and 0 keep their special meanings. */
export function settingBytes(settings: readonly Setting[], name: string): number {
  const {value, unit} = setting(settings, name)
  return Number(value) < 0 ? Number(value) : Number(value) * (BYTES[unit ?? 'B'] ?? 1)
}

/** In milliseconds; -1 and 0 keep their special meanings. */
export function settingMs(settings: readonly Setting[], name: string): number {
  const {value, unit} = setting(settings, name)
  return Number(value) < 0 ? Number(value) : Number(value) * (MILLISECONDS[unit ?? 'ms'] ?? 1)
}

/** A value as written in ALTER ROLE ... SET ("30s", "500", "1min") in milliseconds; null when it is no duration. */
export function parseMs(text: string): number | null {
  const match = /^\s*(-?\d+(?:\.\d+)?)\s*(us|ms|s|min|h|d)?\s*$/.exec(text.replaceAll("'", ''))
  return match ? Number(match[1]) * MILLISECONDS[match[2] ?? 'ms']! : null
}

/** The ALTER ROLE/DATABASE line that wins for this role and database: role+db > role > db > all. */
export function overrideFor(
  rows: readonly RoleSetting[],
  name: string,
  role: string,
  database: string,
): RoleSetting | null {
  const matching = rows.filter(
    row =>
      row.name === name &&
      (row.role === null || row.role === role) &&
      (row.database === null || row.database === database),
  )
  const rank = (row: RoleSetting) => (row.role !== null ? 2 : 0) + (row.database !== null ? 1 : 0)
  return matching.sort((a, b) => rank(b) - rank(a))[0] ?? null
}
