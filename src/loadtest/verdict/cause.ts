import type {Confidence, Evidence} from '../../rule.js'
import type {Facts} from './facts.js'
import type {CauseId, Failures} from './types.js'

/** What a run is judged by: what was measured, which failures are explained by what, and what went wrong. */
export type Case = {
  facts: Facts
  failures: Failures
  isHealthy: boolean
  /** a latency is over its limit, or none is known */
  isSlow: boolean
}

export type Cause = {
  id: CauseId
  title: string
  /** their findings on the snapshot at the end carry the fix */
  rules: readonly string[]
  check(given: Case): CauseVerdict
}

export type CauseVerdict =
  | {cannotJudge: string}
  | {
      /** share of the limit: 1 is just reached */
      reached: number
      fires: boolean
      /** whether requests are seen to suffer from it; default: as the time in the database matters to them */
      isMaterial?: boolean
      summary: string
      evidence: Evidence[]
      confidence: Confidence
      look: string[]
    }

/** A share of a handful of sessions is chance. */
export const LEAST_SESSIONS = 20

export const ACTIVITY = 'pg_stat_activity, each second'

export const explainedBy = ({failures}: Case, id: CauseId): number =>
  failures.groups.reduce(
    (sum, {cause, verdict, count}) => sum + (verdict === 'explained' && cause === id ? count : 0),
    0,
  )

export const NO_SESSIONS = {cannotJudge: 'nobody looked at the sessions while the number of users was constant'}
