import {ConnectError} from '../connect/error.js'
import type {Report} from '../report.js'
import type {Context} from '../rule.js'

/** SQLSTATE of whatever PgBouncer itself refuses. */
const POOLER_ERROR = '08P01'

const FULL = ['too-many-clients', 'role-limit', 'database-limit'] as const

/** The report for a connect that ended because a limit was reached; null for every other error. */
export async function reportOfRefusal(error: unknown, context: Context): Promise<Report | null> {
  if (!(error instanceof ConnectError)) return null
  // A pooler's own limit says nothing of the server's.
  if (error.sqlstate === POOLER_ERROR) return null
  const kind = FULL.find(name => name === error.kind)
  if (!kind) return null
  const {refusalReport} = await import('../refusal.js')
  const {target, sqlstate = '53300', message, attempts} = error
  return refusalReport({kind, target, sqlstate, message, attempts, at: Date.now() / 1000}, context)
}
