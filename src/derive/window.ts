import type {Checkpoints, Database, Section, Server} from '../snapshot.js'

export type StatisticsWindow = {
  since: number
  seconds: number
  /** false: the counters were never reset, so they cover at least this */
  isExact: boolean
  source: string
}

/**
 * What the counters of a database cover. A NULL stats_reset means "never": the cluster-wide counters then tell since
 * when at least, because only initdb, a crash and a reset of their own start them; the server's start when hidden.
 */
export function statisticsWindow(
  {statsReset}: Pick<Database, 'statsReset'>,
  {startedAt, now}: Pick<Server, 'startedAt' | 'now'>,
  checkpoints: Section<Checkpoints>,
): StatisticsWindow {
  const until = (since: number) => ({since, seconds: Math.max(0, now - since)})
  if (statsReset !== null) return {...until(statsReset), isExact: true, source: 'pg_stat_database.stats_reset'}
  const clusterWide = checkpoints.ok ? checkpoints.data.statsReset : null
  if (clusterWide !== null) return {...until(clusterWide), isExact: false, source: 'the cluster-wide stats_reset'}
  return {...until(startedAt), isExact: false, source: "the server's start"}
}
