import {redactSql} from '../sql/redact.js'

/**
 * A report in which the statements' texts have no values, as those of pg_stat_statements have none: a log holds what
 * users typed. Plans are left: they are printed when they are asked for, and their conditions are their point.
 */
export function hideLiterals<T>(report: T): T {
  return hidden(report) as T
}

function hidden(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(hidden)
  if (typeof value !== 'object' || value === null) return value
  const {text, reason, calls} = value as {text?: unknown; reason?: unknown; calls?: unknown}
  const isStatement = typeof text === 'string' && typeof calls === 'number'
  const entries = Object.entries(value).map(([key, each]) => [key, key === 'plans' ? each : hidden(each)] as const)
  return {
    ...Object.fromEntries(entries),
    ...(isStatement ? {text: redactSql(text)} : {}),
    // The server quotes the value that it does not take: invalid input syntax for type integer: "..."
    ...(isStatement && typeof reason === 'string' ? {reason: reason.replace(/: ".*"$/s, '')} : {}),
  }
}
