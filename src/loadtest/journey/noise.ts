import type {ClientPoint} from '../client.js'
import {mean} from '../steps.js'
import type {Metric} from './types.js'

/** Two-sided, 95 %. */
const Z = 1.96
/** Student's t for 95 %, by degrees of freedom from 3 on. */
const T = [3.18, 2.78, 2.57, 2.45, 2.36, 2.31, 2.26, 2.23]

const BATCHES = 10
const LEAST_BATCHES = 4
/** Percentiles of load generators look back about so many seconds: shorter batches would tell the same twice. */
const BATCH_SECONDS = 10

/** Two runs of the same differ by this much on any machine, whatever varied within each. */
const BETWEEN_RUNS = 0.05
/** Where a run does not tell how much it varies. */
const ASSUMED = 0.2

/** Percent, with the binomial interval of Agresti and Coull, widened where failures come in bursts. */
export function successMetric(requests: number, failures: number, points: readonly ClientPoint[]): Metric {
  const share = (failures + 1) / (requests + 2)
  const error = Math.sqrt((burstiness(points, failures / requests) * share * (1 - share)) / (requests + 2))
  return {value: (1 - failures / requests) * 100, noise: Z * error * 100, known: 'measured'}
}

/** Variance of the failures between batches against that of independent ones; never below 1. */
function burstiness(points: readonly ClientPoint[], share: number): number {
  const batches = batchesOf(points).map(batch => ({
    requests: sum(batch, ({requests}) => requests),
    failures: sum(batch, ({failures}) => failures),
  }))
  const counted = batches.filter(({requests}) => requests > 0)
  if (counted.length < LEAST_BATCHES || share <= 0 || share >= 1) return 1
  const chi = sum(
    counted,
    ({requests, failures}) => (failures - requests * share) ** 2 / (requests * share * (1 - share)),
  )
  return Math.max(1, chi / (counted.length - 1))
}

/** A value of the whole, and how much it varied from batch to batch. */
export function batchMetric<P extends {at: number}>(
  value: number,
  points: readonly P[],
  of: (batch: P[]) => number | null,
): Metric {
  const values = batchesOf(points)
    .map(of)
    .filter(each => each !== null)
  if (values.length < LEAST_BATCHES) return {value, noise: value * ASSUMED, known: 'assumed'}
  const middle = mean(values)
  const variance = sum(values, each => (each - middle) ** 2) / (values.length - 1)
  const within = (T[values.length - 1 - 3] ?? Z) * Math.sqrt(variance / values.length)
  return {value, noise: Math.max(within, value * BETWEEN_RUNS), known: 'measured'}
}

/** Neighbouring points together: ten batches, of ten seconds at least. */
export function batchesOf<P extends {at: number}>(points: readonly P[]): P[][] {
  const [first, last] = [points[0], points.at(-1)]
  if (!first || !last || last.at <= first.at) return []
  const length = Math.max(BATCH_SECONDS, (last.at - first.at) / BATCHES)
  const count = Math.max(1, Math.floor((last.at - first.at) / length + 1e-9))
  const batches: P[][] = Array.from({length: count}, () => [])
  // The rest that fills no batch belongs to the last.
  for (const point of points) batches[Math.min(count - 1, Math.floor((point.at - first.at) / length))]!.push(point)
  return batches.filter(batch => batch.length > 0)
}

const sum = <P>(items: readonly P[], of: (item: P) => number) => items.reduce((total, item) => total + of(item), 0)

/** Half the width of the interval of a difference. */
export const noiseOf = (a: Metric, b: Metric): number => Math.hypot(a.noise, b.noise)
