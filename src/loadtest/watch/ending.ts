import type {RunEnd} from '../record.js'
import type {Command} from './command.js'

export type Ending = {
  /** aborted when sampling is to end */
  signal: AbortSignal
  /** aborted when not even the last snapshot is wanted any more */
  hurry: AbortSignal
  readonly reason: RunEnd['reason']
  /** SIGTERM or SIGHUP ended the run */
  readonly isTerminated: boolean
  /** signals that come from now on are passed on to it, and it decides when the run ends */
  follow: (command: Command) => void
  stopAfter: (ms: number) => void
  end: (reason: RunEnd['reason']) => void
  dispose: () => void
}

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

/** A load tool that was asked to end writes its results; after this it is killed. Milliseconds. */
const PATIENCE_MS = 10_000
/** Whoever presses Ctrl-C so often does not want to wait. */
const MOST_SIGNALS = 3

/** What ends a run: a signal, the duration, or the command; with a command always in the end the command. */
export function watchForEnd(): Ending {
  const stop = new AbortController()
  const hurry = new AbortController()
  let reason: RunEnd['reason'] | null = null
  let command: Command | null = null
  let isTerminated = false
  let signals = 0
  const timers: NodeJS.Timeout[] = []
  const after = (ms: number, act: () => void) => timers.push(setTimeout(act, ms))
  const end = (why: RunEnd['reason']) => {
    reason ??= why
    if (!command?.isRunning) stop.abort()
  }
  const ignore = onSignals(name => {
    signals += 1
    reason ??= 'interrupted'
    isTerminated ||= name !== 'SIGINT'
    if (command?.isRunning) command.signal(signals < MOST_SIGNALS ? name : 'SIGKILL')
    else if (signals > 1) hurry.abort()
    end('interrupted')
  })
  return {
    signal: stop.signal,
    hurry: hurry.signal,
    get reason() {
      return reason ?? 'interrupted'
    },
    get isTerminated() {
      return isTerminated
    },
    end,
    follow(started) {
      command = started
      const over = () => end('command')
      command.done.then(over, over)
    },
    stopAfter(ms) {
      after(ms, () => {
        reason ??= 'duration'
        command?.signal('SIGTERM')
        after(PATIENCE_MS, () => command?.signal('SIGKILL'))
        end('duration')
      })
    },
    dispose() {
      ignore()
      for (const timer of timers) clearTimeout(timer)
    },
  }
}

/** Returns what takes the handlers away again. */
function onSignals(act: (name: NodeJS.Signals) => void): () => void {
  const removers = SIGNALS.map(name => {
    const handler = () => act(name)
    process.on(name, handler)
    return () => process.removeListener(name, handler)
  })
  return () => {
    for (const remove of removers) remove()
  }
}
