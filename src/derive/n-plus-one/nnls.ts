/** A quantity that may add to another, `most` times itself at most. */
export type Term = {values: readonly number[]; most: number}

/** Coefficients from 0 to `most` that bring the terms nearest to `y`, by coordinate descent: they are few. */
export function boundedLeastSquares(terms: readonly Term[], y: readonly number[]): number[] {
  const columns = terms.map(({values}) => values)
  const squares = columns.map(column => dot(column, column))
  const coefficients = columns.map(() => 0)
  const rest = [...y]
  for (let round = 0; round < MOST_ROUNDS; round++) {
    let moved = 0
    for (const [at, column] of columns.entries()) {
      if (squares[at] === 0) continue
      const next = Math.min(terms[at]!.most, Math.max(0, coefficients[at]! + dot(column, rest) / squares[at]!))
      const step = next - coefficients[at]!
      coefficients[at] = next
      for (const [row, value] of column.entries()) rest[row]! -= step * value
      moved = Math.max(moved, Math.abs(step) * Math.sqrt(squares[at]!))
    }
    if (moved < 1e-9 * Math.sqrt(dot(y, y))) break
  }
  return coefficients
}

const MOST_ROUNDS = 2000

const dot = (a: readonly number[], b: readonly number[]) => a.reduce((sum, value, at) => sum + value * b[at]!, 0)

/** Squared differences between `y` and what the coefficients make of the terms. */
export const squaredError = (terms: readonly Term[], coefficients: readonly number[], y: readonly number[]): number =>
  y.reduce((sum, value, row) => {
    const fitted = terms.reduce((all, {values}, at) => all + coefficients[at]! * values[row]!, 0)
    return sum + (value - fitted) ** 2
  }, 0)

/** Squared differences from the mean. */
export function spread(y: readonly number[]): number {
  const mean = y.reduce((sum, value) => sum + value, 0) / Math.max(1, y.length)
  return y.reduce((sum, value) => sum + (value - mean) ** 2, 0)
}
