import type {ActivitySample} from '../record.js'

/** Sums over the steady part's looks at the sessions, each a second or so apart. */
export type Sessions = {
  looks: number
  total: number
  /** connections at the looks with the fewest and the most */
  least: number
  most: number
  active: number
  idleInTransaction: number
  running: number
  lockWaits: number
  ioWaits: number
  blocked: {relation: string; count: number}[]
  /** what was active, most first */
  statements: {text: string; queryid: string | null; count: number}[]
}

/** At least one sample. */
export function sessionsOf(activity: ActivitySample[]): Sessions {
  const sum = (of: (sample: ActivitySample) => number) => activity.reduce((all, sample) => all + of(sample), 0)
  const waitsFor = (type: string) => (sample: ActivitySample) =>
    sample.waits.filter(wait => wait.type === type).reduce((all, {count}) => all + count, 0)
  return {
    looks: activity.length,
    total: sum(({total}) => total),
    least: Math.min(...activity.map(({total}) => total)),
    most: Math.max(...activity.map(({total}) => total)),
    active: sum(({active}) => active),
    idleInTransaction: sum(({idleInTransaction}) => idleInTransaction),
    running: sum(({running}) => running),
    lockWaits: sum(waitsFor('Lock')),
    ioWaits: sum(waitsFor('IO')),
    blocked: counted(activity.flatMap(({blocked}) => blocked.flatMap(named))).map(({key, count}) => ({
      relation: key,
      count,
    })),
    statements: counted(
      activity.flatMap(({statements}) => statements.map(each => ({...each, key: each.queryid ?? each.text}))),
    ).map(({first: {text, queryid}, count}) => ({text, queryid, count})),
  }
}

const named = ({relation, count}: {relation: string | null; count: number}) =>
  relation === null ? [] : [{key: relation, count}]

/** Equal keys added up, most first. */
function counted<T extends {key: string; count: number}>(items: T[]): {key: string; count: number; first: T}[] {
  const groups = new Map<string, {key: string; count: number; first: T}>()
  for (const item of items) {
    const known = groups.get(item.key)
    if (known) known.count += item.count
    else groups.set(item.key, {key: item.key, count: item.count, first: item})
  }
  return [...groups.values()].sort((a, b) => b.count - a.count || (a.key < b.key ? -1 : 1))
}
