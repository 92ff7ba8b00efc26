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

type State = {reason: RunEnd['reason'] | null; command: Command | null; signals: number; isTerminated: boolean}

/** What ends a run: a signal, the duration, or the command; with a command always in the end the command. */
export function watchForEnd(): Ending {
  const stop = new AbortController()
  const hurry = new AbortController()
  const state: State = {reason: null, command: null, signals: 0, isTerminated: false}
  const timers: NodeJS.Timeout[] = []
  const after = (ms: number, act: () => void) => timers.push(setTimeout(act, ms))
  const end = (why: RunEnd['reason']) => {
    state.reason ??= why
    if (!state.command?.isRunning) stop.abort()
  }
  const ignore = onSignals(name => {
    received(state, name, hurry)
    end('interrupted')
  })
  return {
    signal: stop.signal,
    hurry: hurry.signal,
    get reason() {
      return state.reason ?? 'interrupted'
    },
    get isTerminated() {
      return state.isTerminated
    },
    end,
    follow(command) {
      state.command = command
      const over = () => end('command')
      command.done.then(over, over)
    },
    stopAfter: ms => after(ms, () => overdue(state, after, end)),
    dispose() {
      ignore()
      for (const timer of timers) clearTimeout(timer)
    },
  }
}

/** The command gets the signal; where there is none any more, a second one stops the last snapshot, too. */
function received(state: State, name: NodeJS.Signals, hurry: AbortController): void {
  state.signals += 1
  state.reason ??= 'interrupted'
  state.isTerminated ||= name !== 'SIGINT'
  if (state.command?.isRunning) state.command.signal(state.signals < MOST_SIGNALS ? name : 'SIGKILL')
  else if (state.signals > 1) hurry.abort()
}

function overdue(state: State, after: (ms: number, act: () => void) => void, end: Ending['end']): void {
  state.reason ??= 'duration'
  state.command?.signal('SIGTERM')
  after(PATIENCE_MS, () => state.command?.signal('SIGKILL'))
  end('duration')
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
