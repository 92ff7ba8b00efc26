/** Buckets grow by 1 %: a percentile is off by at most half of that. */
const GROWTH = Math.log(1.01)
const SMALLEST = 1e-3

/** Latencies in bounded memory, whatever their number. */
export type Histogram = {
  add(value: number): void
  mean(): number | null
  max(): number | null
  percentile(p: number): number | null
}

export function histogram(): Histogram {
  const buckets = new Map<number, number>()
  let count = 0
  let sum = 0
  let most = 0
  return {
    add(value) {
      const bucket = value < SMALLEST ? Number.NEGATIVE_INFINITY : Math.round(Math.log(value) / GROWTH)
      buckets.set(bucket, (buckets.get(bucket) ?? 0) + 1)
      count += 1
      sum += value
      if (value > most) most = value
    },
    mean: () => (count > 0 ? sum / count : null),
    max: () => (count > 0 ? most : null),
    percentile(p) {
      let left = Math.ceil((p / 100) * count)
      for (const [bucket, size] of [...buckets].sort(([a], [b]) => a - b)) {
        left -= size
        if (left <= 0) return Math.min(most, Number(Math.exp(bucket * GROWTH).toPrecision(4)))
      }
      return null
    },
  }
}

export const percentilesOf = (latencies: Histogram | null) => ({
  mean: latencies?.mean() ?? null,
  p50: latencies?.percentile(50) ?? null,
  p95: latencies?.percentile(95) ?? null,
  p99: latencies?.percentile(99) ?? null,
})
