/** Waits, but not when the run is to end. */
export const pause = (ms: number, signal: AbortSignal | undefined) =>
  new Promise<void>(resolve => {
    const stop = () => {
      clearTimeout(timer)
      signal?.removeEventListener('abort', stop)
      resolve()
    }
    const timer = setTimeout(stop, ms)
    signal?.addEventListener('abort', stop, {once: true})
  })
