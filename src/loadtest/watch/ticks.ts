import {pause} from '../../collect/pause.js'

export type Ticks = {
  /** resolves when the signal has come and the last task has ended */
  done: Promise<void>
  /** ticks at which the task before was still running */
  missed: () => number
}

/**
 * Runs the task at start, start + period, ... until the signal. A task that takes longer than its period swallows the
 * ticks that it covers: they never pile up, and those that follow come at their own time.
 */
export function every(periodMs: number, task: (tick: number) => Promise<void>, signal: AbortSignal): Ticks {
  const start = performance.now()
  let missed = 0
  const loop = async () => {
    for (let tick = 0; !signal.aborted; ) {
      await task(tick)
      const next = Math.max(tick, Math.floor((performance.now() - start) / periodMs)) + 1
      missed += next - tick - 1
      tick = next
      await pause(start + tick * periodMs - performance.now(), signal)
    }
  }
  return {done: loop(), missed: () => missed}
}

/** At most `limit` of them, spread over all: of two neighbours `better` says which stays; the last one always does. */
export function thinned<T>(all: T[], limit: number, better: (a: T, b: T) => T = a => a): T[] {
  if (all.length <= limit) return all
  const last = all.at(-1)!
  const half: T[] = []
  for (let at = 0; at < all.length - 1; at += 2)
    half.push(at + 2 < all.length ? better(all[at]!, all[at + 1]!) : all[at]!)
  return [...half, last]
}
