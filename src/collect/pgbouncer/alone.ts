import type {Snapshot} from '../../snapshot.js'
import {finished} from '../assemble.js'
import type {CollectOptions} from '../collect.js'
import {sectionNames} from '../index.js'
import {pause} from '../pause.js'
import type {PoolerReader} from './reader.js'
import {readPoolers} from './section.js'

export type PoolersOnly = Pick<CollectOptions, 'windowSeconds' | 'deadlineMs' | 'signal' | 'onProgress'>

/** For people who have no access to the server, or gave a console in its place. The first reader is the target's. */
export async function collectPoolersOnly(
  readers: PoolerReader[],
  options: PoolersOnly,
  target: Snapshot['target'],
): Promise<Snapshot> {
  const {signal, onProgress} = options
  const start = performance.now()
  const end = start + options.windowSeconds * 1000
  const leftMs = () => options.deadlineMs + options.windowSeconds * 1000 - (performance.now() - start)
  const isOver = () => signal?.aborted || leftMs() <= 0
  for (const reader of readers) void reader.look({pids: true})
  while (performance.now() < end && !isOver()) {
    onProgress?.(`watching, ${Math.ceil((end - performance.now()) / 1000)} s left`)
    await pause(Math.min(1000, end - performance.now(), leftMs()), signal)
    for (const reader of readers) void reader.look()
  }
  const cutShortBy = signal?.aborted ? 'signal' : isOver() ? 'deadline' : null
  const {section, warnings} = await readPoolers(readers, leftMs(), signal)
  const message = 'the server was not read: only a PgBouncer console was given'
  const sections = Object.fromEntries(
    sectionNames.map(name => [name, {ok: false, reason: 'unsupported', message}]),
  ) as Snapshot['sections']
  return finished(
    {...sections, poolers: section},
    {
      target,
      warnings: [ONLY_CONSOLE, ...warnings],
      cutShortBy: cutShortBy ?? (section.ok ? null : 'lost connection'),
      window: null,
      collectedAt: Date.now() / 1000,
    },
  )
}

const ONLY_CONSOLE = 'only a PgBouncer console was read: give the server, too (its connection string, and --pgbouncer)'
