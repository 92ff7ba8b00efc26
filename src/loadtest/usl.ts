/** Gunther's Universal Scalability Law: X(N) = rate N / (1 + contention (N - 1) + coherency N (N - 1)). */
export type Usl = {
  rate: number
  contention: number
  coherency: number
  /** the largest deviation of a point, as a share of it */
  residual: number
  at: (users: number) => number
}

const LEAST_POINTS = 3
/** A law that misses what it was fitted to by more says nothing of what comes. */
const WORST_RESIDUAL = 0.05

/**
 * Least squares over N / X, which is linear in the law's parameters. Null with fewer than three points, with parameters
 * that no system has (negative), or where a point lies more than 5 % away.
 */
export function fitUsl(points: readonly {users: number; throughput: number}[]): Usl | null {
  if (new Set(points.map(({users}) => users)).size < LEAST_POINTS) return null
  const rows = points.map(({users, throughput}) => ({
    // Weighted by X / N, so that relative deviations count.
    terms: [1, users - 1, users * (users - 1)].map(term => (term * throughput) / users),
    value: 1,
  }))
  const free = solve(rows, [0, 1, 2])
  // Without a coherency term it is Amdahl's law, and with neither a straight line.
  const found = [free, solve(rows, [0, 1]), solve(rows, [0, 2]), solve(rows, [0])].find(
    each => each?.every(one => one >= 0) && each[0]! > 0,
  )
  if (!found) return null
  const [inverse, linear, square] = found as [number, number, number]
  const at = (users: number) => users / (inverse + linear * (users - 1) + square * users * (users - 1))
  const residual = Math.max(...points.map(({users, throughput}) => Math.abs(at(users) / throughput - 1)))
  if (residual > WORST_RESIDUAL) return null
  return {rate: 1 / inverse, contention: linear / inverse, coherency: square / inverse, residual, at}
}

/** Normal equations by elimination, for the chosen terms alone; the others are 0. Null: they cannot be told apart. */
function solve(rows: {terms: number[]; value: number}[], chosen: number[]): number[] | null {
  const matrix = chosen.map(i => [
    ...chosen.map(j => sum(rows, ({terms}) => terms[i]! * terms[j]!)),
    sum(rows, ({terms, value}) => terms[i]! * value),
  ])
  for (const [at, row] of matrix.entries()) {
    const pivot = row[at]!
    if (Math.abs(pivot) < 1e-12) return null
    for (const [other, line] of matrix.entries()) {
      if (other === at) continue
      const factor = line[at]! / pivot
      line.forEach((value, column) => {
        line[column] = value - factor * row[column]!
      })
    }
  }
  const result = [0, 0, 0]
  for (const [at, i] of chosen.entries()) result[i] = matrix[at]!.at(-1)! / matrix[at]![at]!
  return result
}

const sum = <T>(items: readonly T[], of: (item: T) => number) => items.reduce((total, item) => total + of(item), 0)
