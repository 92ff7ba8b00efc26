/** One step of the load-test ladder: percentages 0 to 100, latencies in milliseconds; null: no limit of its own. */
export type Phase = {
  name: string
  users: number
  success: number
  errors: number | null
  p50: number | null
  p95: number | null
  p99: number | null
  /** the limit itself still passes: 100 % cannot be exceeded */
  isInclusive: boolean
  /** what it asks for besides, which no counter shows */
  alsoAsks: string | null
}

/** What `phases:` in the configuration may replace. */
export type PhaseOverride = Partial<Pick<Phase, 'users' | 'success' | 'errors' | 'p50' | 'p95' | 'p99'>>

export const PHASE_NAMES = ['baseline', 'light', 'medium', 'heavy', 'stress', 'peak', 'ultimate'] as const

type Limits = [users: number, success: number, errors: number | null, p50?: number, p95?: number, p99?: number]

const LIMITS: Record<(typeof PHASE_NAMES)[number], Limits> = {
  baseline: [10, 100, 0, 150, 300, 2200],
  light: [30, 99, 1, 200, 500, 1000],
  medium: [50, 98, 2, 300, 750, 1500],
  heavy: [100, 95, 5, 500, 1000, 2000],
  stress: [200, 90, 10, 1000, 2000, 3000],
  peak: [500, 80, null],
  ultimate: [1000, 70, null],
}

const ALSO: Record<string, string> = {peak: 'recovers', ultimate: 'no corruption, recovers'}

/** The built-in ladder with the configuration's numbers in place of its own, by users. */
export function ladderOf(overrides: Record<string, PhaseOverride> = {}): Phase[] {
  return PHASE_NAMES.map(name => {
    const [users, success, errors, p50 = null, p95 = null, p99 = null] = LIMITS[name]
    const isInclusive = name === 'baseline'
    return {name, users, success, errors, p50, p95, p99, isInclusive, alsoAsks: ALSO[name] ?? null, ...overrides[name]}
  }).sort((a, b) => a.users - b.users)
}

/**
 * The step whose limits hold for so many users: the nearest at or below, because what carries 150 users must be as
 * good as what carries 100. Fewer than the first step's: the first.
 */
export const phaseAt = (ladder: readonly Phase[], users: number): Phase =>
  ladder.findLast(phase => phase.users <= users) ?? ladder[0]!

export const phaseAfter = (ladder: readonly Phase[], users: number): Phase | null =>
  ladder.find(phase => phase.users > users) ?? null

/** Percent from which a resource is in the warning zone, and above which in the critical one. */
export const ZONES = {
  cpu: {label: 'CPU', warning: 60, critical: 80},
  memory: {label: 'memory', warning: 70, critical: 85},
  connections: {label: 'database connections', warning: 70, critical: 90},
} as const

export type Zone = 'safe' | 'warning' | 'critical'

export const zoneOf = (percent: number, {warning, critical}: {warning: number; critical: number}): Zone =>
  percent < warning ? 'safe' : percent > critical ? 'critical' : 'warning'
