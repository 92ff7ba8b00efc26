import {ConnectError} from '../connect/error.js'
import type {Report} from '../report.js'
import type {Context} from '../rule.js'

/** The report for a connect that ended with "too many clients"; null for every other error. */
export async function reportOfRefusal(error: unknown, context: Context): Promise<Report | null> {
  if (!(error instanceof ConnectError) || error.kind !== 'too-many-clients') return null
  const {refusalReport} = await import('../refusal.js')
  const {target, sqlstate, message} = error
  return refusalReport(
    {target, sqlstate: sqlstate ?? '53300', message, attempts: error.attempts, at: Date.now() / 1000},
    context,
  )
}
