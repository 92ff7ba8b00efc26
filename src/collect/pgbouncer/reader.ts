import type {Console} from '../../connect/pgbouncer.js'
import type {Pooler, PoolerSample} from '../../snapshot.js'
import {readSections, takeSample} from './sections.js'

/** A console that is being read: cheap looks while the run goes on, everything else at its end. */
export type PoolerReader = {
  readonly name: string
  /**
   * SHOW POOLS and STATS, with `pids` SHOW SERVERS too; left out while another look is under way, unless pids are
   * wanted. Never throws: a failure ends the reading of this pooler.
   */
  look: (options?: {pids?: boolean}) => Promise<void>
  /** The last look and all sections, within `limitMs` and soon after `signal`. Throws what went wrong first. */
  finish: (limitMs: number, signal?: AbortSignal) => Promise<{pooler: Pooler; warnings: string[]}>
}

/** Waits for the console by itself; that it cannot be opened is told by `finish`. */
export function poolerReader(name: string, opened: Promise<Console>): PoolerReader {
  const samples: PoolerSample[] = []
  let firstAt: number | undefined
  const tasks = untilFailure(opened)
  const look = (pids: boolean) =>
    tasks.add(async () => {
      const at = performance.now()
      const sample = await takeSample(await opened, pids)
      firstAt ??= at
      samples.push({at: (at - firstAt) / 1000, ...sample})
    })
  const readAll = async () => {
    await look(true)
    if (tasks.failed) throw tasks.failed
    const console = await opened
    const pooler = {...(await readSections(console)), samples}
    await console.connection.close()
    return {pooler, warnings: console.connection.warnings}
  }
  return {
    name,
    look: async ({pids = false} = {}) => {
      if (pids || tasks.isIdle) await look(pids)
    },
    async finish(limitMs, signal) {
      const limit = timeLimit(limitMs, signal)
      try {
        return await Promise.race([readAll(), limit.expired])
      } catch (error) {
        // Not waited for: it may be this one that does not answer.
        opened.then(({connection}) => connection.close()).catch(() => {})
        throw error
      } finally {
        limit.stop()
      }
    },
  }
}

/** One thing after the other, as one session must have it; nothing any more after the first failure. */
function untilFailure(first: Promise<unknown>) {
  let failed: Error | null = null
  let pending = 0
  const fail = (error: Error) => {
    failed = error
  }
  let last = first.then(() => {}, fail)
  return {
    get failed() {
      return failed
    },
    get isIdle() {
      return pending === 0
    },
    add(task: () => Promise<void>): Promise<void> {
      pending += 1
      last = last
        .then(() => (failed ? undefined : task().catch(fail)))
        .finally(() => {
          pending -= 1
        })
      return last
    },
  }
}

/** What a signal leaves of any limit: the program ends within a second of it. */
const AFTER_SIGNAL_MS = 500

function timeLimit(limitMs: number, signal: AbortSignal | undefined) {
  let timer: NodeJS.Timeout | undefined
  let start = (_ms: number) => {}
  const expired = new Promise<never>((_, reject) => {
    start = ms => {
      clearTimeout(timer)
      timer = setTimeout(() => reject(new Error('it did not answer in time')), ms)
    }
  })
  const shorten = () => start(Math.min(limitMs, AFTER_SIGNAL_MS))
  start(limitMs)
  if (signal?.aborted) shorten()
  signal?.addEventListener('abort', shorten, {once: true})
  const stop = () => {
    clearTimeout(timer)
    signal?.removeEventListener('abort', shorten)
  }
  return {expired, stop}
}
