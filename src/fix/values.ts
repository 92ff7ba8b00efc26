import type {Setting} from '../snapshot.js'
import {quoteIdent, quoteLiteral} from '../sql/quote.js'

/** Values of settings: as people write them, as postgresql.conf and SQL want them, and in a setting's base unit. */

const BYTES: Record<string, number> = {B: 1, kB: 1024, MB: 1024 ** 2, GB: 1024 ** 3, TB: 1024 ** 4}
const MICROSECONDS: Record<string, number> = {us: 1, ms: 1e3, s: 1e6, min: 60e6, h: 3600e6, d: 86400e6}

/** Settings whose elements are quoted one by one: `SET x = 'a, b'` would name one element `a, b`. */
const QUOTED_LISTS = new Set([
  'local_preload_libraries',
  'search_path',
  'session_preload_libraries',
  'shared_preload_libraries',
  'temp_tablespaces',
  'unix_socket_directories',
])

/** `32768` of a setting in `8kB` -> `256MB`. Units stay away from 0 and -1, which often mean "off". */
export function humanValue(value: string, unit: string | null): string {
  const base = unit ? unitSize(unit) : null
  const amount = Number(value)
  if (!base || !/^-?\d+(\.\d+)?$/.test(value) || amount <= 0) return value
  const total = amount * base.size
  const best = Object.entries(base.family)
    .filter(([, size]) => Number.isInteger(total / size))
    .at(-1)
  return best ? `${total / best[1]}${best[0]}` : value
}

/** `256MB` for a setting in `8kB` -> `32768`: managed platforms take numbers in the base unit. */
export function baseValue(text: string, unit: string | null): string {
  const match = /^(-?\d+(?:\.\d+)?)\s*([a-zA-Z]+)$/.exec(text.trim())
  const base = unit ? unitSize(unit) : null
  const size = base && match ? base.family[match[2]!] : undefined
  return base && match && size ? String(Math.round((Number(match[1]) * size) / base.size)) : text
}

/** True when both texts mean the same for a setting with this unit: `256MB` and `32768` of 8kB. */
export function sameValue(a: string, b: string, unit: string | null): boolean {
  return baseValue(a, unit) === baseValue(b, unit)
}

/** The right-hand side of a line in postgresql.conf; control characters as octal escapes, so it stays one line. */
export function confValue(text: string, vartype: Setting['vartype'] | undefined): string {
  if (/^-?\d+[a-zA-Z]*$/.test(text) || /^-?\d+\.\d+$/.test(text)) return text
  if (vartype !== 'string' && /^[a-zA-Z_][\w-]*$/.test(text)) return text
  const escaped = text.replaceAll('\\', '\\\\').replaceAll("'", "''")
  return `'${escaped.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, octal)}'`
}

/** The right-hand side of ALTER SYSTEM / ALTER ROLE ... SET. */
export function sqlValue(name: string, text: string): string {
  if (/^-?\d+(\.\d+)?$/.test(text) || /^(on|off)$/.test(text)) return text
  if (!QUOTED_LISTS.has(name)) return quoteLiteral(text)
  const elements = splitList(text)
  return elements.length ? elements.map(quoteLiteral).join(', ') : "''"
}

/** A setting's name in SQL: bare when it is an ordinary one, quoted part by part otherwise. */
export function sqlName(name: string): string {
  return /^[a-z_][a-z0-9_]*(\.[a-z_][a-z0-9_]*)*$/i.test(name) ? name : name.split('.').map(quoteIdent).join('.')
}

function unitSize(unit: string): {family: Record<string, number>; size: number} | null {
  const match = /^(\d*)([a-zA-Z]+)$/.exec(unit)
  if (!match) return null
  const family = match[2]! in BYTES ? BYTES : MICROSECONDS
  const size = family[match[2]!]
  return size ? {family, size: Number(match[1] || 1) * size} : null
}

/** `a, "b, c"` -> a and `b, c`. */
function splitList(text: string): string[] {
  const elements = text.match(/"(?:[^"]|"")*"|[^,\s][^,]*/g) ?? []
  return elements.map(element =>
    element.startsWith('"') ? element.slice(1, -1).replaceAll('""', '"') : element.trim(),
  )
}

function octal(char: string): string {
  return [...Buffer.from(char)].map(byte => `\\${byte.toString(8).padStart(3, '0')}`).join('')
}
