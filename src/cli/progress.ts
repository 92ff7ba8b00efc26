const FRAMES = ['|', '/', '-', '\\']
const INTERVAL_MS = 100
/** What ends sooner needs no spinner. */
const QUIET_MS = 300

export type Progress = {update: (what: string) => void; stop: () => void}

/** One changing line on standard error; nothing at all when that is no terminal, or in CI. */
export function startProgress(stream: NodeJS.WriteStream = process.stderr): Progress {
  if (!stream.isTTY || process.env.CI || process.env.TERM === 'dumb') return {update: () => {}, stop: () => {}}
  let text = 'connecting'
  let frame = 0
  let shown = false
  const startedAt = Date.now()
  const timer = setInterval(() => {
    if (Date.now() - startedAt < QUIET_MS) return
    frame = (frame + 1) % FRAMES.length
    shown = true
    stream.write(`\r\x1b[K${FRAMES[frame]} ${text.slice(0, (stream.columns ?? 80) - 4)}`)
  }, INTERVAL_MS)
  timer.unref()
  return {
    update: what => {
      text = what
    },
    stop: () => {
      clearInterval(timer)
      if (shown) stream.write('\r\x1b[K')
    },
  }
}

/** For --debug: how long each step took, a line each. */
export function timedSteps(stream: NodeJS.WriteStream = process.stderr): Progress {
  let current = 'connect'
  let startedAt = performance.now()
  const report = () => stream.write(`${current}: ${Math.round(performance.now() - startedAt)} ms\n`)
  return {
    update: what => {
      report()
      current = what
      startedAt = performance.now()
    },
    stop: report,
  }
}
