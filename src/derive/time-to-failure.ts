import type {Context} from '../rule.js'

export type Growth = {
  used: number
  limit: number
  ratePerSecond: number
  /** seconds since 1970 by the server's clock */
  now: number
}

/** `at` is the moment when `limit` is reached, in seconds since 1970; `seconds` is how long that is from now. */
export type TimeLeft = {seconds: number; at: number}

/** When `used` reaches `limit` at the present rate; null when it never does, or nothing tells the rate. */
export function timeLeft({used, limit, ratePerSecond, now}: Growth): TimeLeft | null {
  if (![used, limit, ratePerSecond, now].every(Number.isFinite)) return null
  if (used >= limit) return {seconds: 0, at: now}
  if (ratePerSecond <= 0) return null
  const seconds = (limit - used) / ratePerSecond
  return {seconds, at: now + seconds}
}

/**
 * The rate at the target load, when we were told how many users made the present one; null otherwise. More users than
 * were at work may also work differently: what follows from it is estimated, never measured.
 */
export function rateAtTarget(ratePerSecond: number, {users, currentUsers}: Context): number | null {
  if (users === undefined || !currentUsers || users === currentUsers) return null
  return (ratePerSecond * users) / currentUsers
}
