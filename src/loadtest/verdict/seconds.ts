import type {Failure} from '../client.js'
import type {DatabaseShare} from './database-share.js'
import type {Facts} from './facts.js'
import {type Incident, type Moment, momentsOf} from './moments.js'
import {shareDuring} from './share.js'

/** What is known of the seconds in which failures happened; shares are of the failures, 0 to 1. */
export type SecondsOf = {
  watched: number
  /** the one that goes with most of the failures; null: nothing happened */
  incident: Incident | null
  hit: number
  /** whether incidents tell these seconds from those without failures */
  isTypical: boolean
  intervals: {all: number; hit: number}
  share: DatabaseShare | null
}

/** An incident that is as frequent while nothing fails explains nothing. */
const LIFT = 2
/** With fewer intervals without failures than these, there is nothing to compare with. */
const LEAST_QUIET_SHARE = 0.2

/**
 * Looks up the seconds of a failure; null: none with failures is known. Most formats do not tell when a failure was
 * first and last seen: then all intervals with failures are its own, and looked at once.
 */
export function secondsOf(facts: Facts): (failure: Failure) => SecondsOf | null {
  const moments = momentsOf(facts)
  const failing = moments.filter(({point}) => point.failures > 0)
  const quiet = quietShare(moments)
  const known = new Map<string, SecondsOf | null>()
  return failure => {
    const key = `${failure.first} ${failure.last}`
    if (!known.has(key)) {
      const own = failing.filter(moment => isWithin(moment, failure))
      known.set(key, own.length > 0 ? during(facts, own, quiet) : null)
    }
    return known.get(key)!
  }
}

const isWithin = ({from, to}: Moment, {first, last}: Failure) =>
  (first === null || to >= first - 1) && (last === null || from <= last + 1)

function during(facts: Facts, failing: Moment[], quiet: number | null): SecondsOf {
  const all = weightOf(failing)
  const hits = failing.filter(({incident}) => incident !== null)
  const hit = weightOf(hits) / all
  return {
    watched: weightOf(failing.filter(({isWatched}) => isWatched)) / all,
    incident: mostFrequent(hits),
    hit,
    isTypical: quiet === null || quiet <= hit / LIFT,
    intervals: {all: failing.length, hit: hits.length},
    share: shareDuring(facts, failing),
  }
}

const weightOf = (moments: readonly Moment[]) => moments.reduce((sum, {point}) => sum + point.failures, 0)

/** Share of the intervals without failures in which something happened all the same; null: there are too few. */
function quietShare(moments: readonly Moment[]): number | null {
  const quiet = moments.filter(({point, isWatched}) => point.failures === 0 && isWatched)
  if (quiet.length < LEAST_QUIET_SHARE * moments.length) return null
  return quiet.filter(({incident}) => incident !== null).length / quiet.length
}

function mostFrequent(hits: readonly Moment[]): Incident | null {
  const counts = new Map<string, number>()
  for (const {incident, point} of hits) counts.set(incident!.what, (counts.get(incident!.what) ?? 0) + point.failures)
  const top = [...counts].sort((a, b) => b[1] - a[1])[0]
  return top ? hits.find(({incident}) => incident!.what === top[0])!.incident : null
}
