import releases from '../data/releases.json' with {type: 'json'}

const DAY = 86_400

/** Times are seconds since 1970. */
export type ReleaseState = {
  major: number
  minor: number
  /** newest minor of this major that the data knows; null: the major is newer than the data */
  newest: {minor: number; at: number} | null
  /** newer minors that the data knows */
  behind: number
  /** when the first newer one came out; null when there is none */
  behindSince: number | null
  endOfLife: number | null
}

/** Date of the data; releases after it are not known. */
export const releasesAsOf = releases.asOf

/** Seconds since the data was made, by the server's clock; negative when that clock is behind. */
export const releasesAge = (now: number): number => now - at(releases.asOf)

/** What is known of a `server_version_num`, e.g. 150018. */
export function releaseState(versionNum: number): ReleaseState {
  const major = Math.floor(versionNum / 10_000)
  const minor = versionNum % 10_000
  const known = (releases.majors as Record<string, {endOfLife: string; minors: Record<string, string>}>)[major]
  if (!known) return {major, minor, newest: null, behind: 0, behindSince: null, endOfLife: null}
  const minors = Object.entries(known.minors).map(([each, date]) => ({minor: Number(each), at: at(date)}))
  const newer = minors.filter(each => each.minor > minor).sort((a, b) => a.minor - b.minor)
  return {
    major,
    minor,
    newest: minors.reduce((best, each) => (each.minor > best.minor ? each : best)),
    behind: newer.length,
    behindSince: newer[0]?.at ?? null,
    // Supported until that day's end.
    endOfLife: at(known.endOfLife) + DAY,
  }
}

function at(date: string): number {
  return Date.parse(`${date}T00:00:00Z`) / 1000
}
