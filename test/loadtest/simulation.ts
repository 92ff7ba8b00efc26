/** A closed system of users and server connections, played through event by event. */
export type Simulated = {
  users: number
  servers: number
  think: () => number
  hold: () => number
  seconds: number
}

export type Played = {throughput: number; busy: number; waitSeconds: number; waitP95: number}

/** Numbers between 0 and 1 that are the same in every run (mulberry32). */
export function random(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296
  }
}

export const exponential = (mean: number, next: () => number) => () => -Math.log(1 - next()) * mean
export const even = (mean: number, next: () => number) => () => mean * (0.5 + next())

/** The first tenth is left out: it starts with everybody thinking. */
export function simulate({users, servers, think, hold, seconds}: Simulated): Played {
  const warm = seconds / 10
  const events: {at: number; kind: 'wants' | 'leaves'}[] = []
  const schedule = (at: number, kind: 'wants' | 'leaves') => {
    let index = events.length
    while (index > 0 && events[index - 1]!.at < at) index--
    events.splice(index, 0, {at, kind})
  }
  for (let user = 0; user < users; user++) schedule(think(), 'wants')
  const queue: number[] = []
  const waits: number[] = []
  let [busy, area, done, now] = [0, 0, 0, 0]
  const take = (since: number) => {
    busy += 1
    if (now >= warm) waits.push(now - since)
    schedule(now + hold(), 'leaves')
  }
  while (now < seconds) {
    const {at, kind} = events.pop()!
    if (at > warm) area += busy * (at - Math.max(now, warm))
    now = at
    if (kind === 'wants') {
      if (busy < servers) take(now)
      else queue.push(now)
      continue
    }
    busy -= 1
    if (now >= warm) done += 1
    schedule(now + think(), 'wants')
    const next = queue.shift()
    if (next !== undefined) take(next)
  }
  const sorted = [...waits].sort((a, b) => a - b)
  return {
    throughput: done / (now - warm),
    busy: area / (now - warm),
    waitSeconds: waits.reduce((sum, wait) => sum + wait, 0) / waits.length,
    waitP95: sorted[Math.floor(sorted.length * 0.95)]!,
  }
}
