/** The right to work at once with a few others. */
export type Slot = {
  /** Others may work while this one only waits; does nothing when too many are lent already. */
  lend(): void
  /** Waits until it may work again, before those who have not begun. */
  regain(): Promise<void>
  release(): void
}

/** At most `count` work at once, and of the waiting ones at most `lendable` more are on their way. */
export function makeSlots(count: number, lendable: number): () => Promise<Slot> {
  const waiting: (() => void)[] = []
  let free = count
  let lent = 0
  const give = () => {
    const next = waiting.shift()
    if (next) next()
    else free += 1
  }
  const obtain = (first: boolean) => {
    if (free > 0) {
      free -= 1
      return Promise.resolve()
    }
    return new Promise<void>(resolve => (first ? waiting.unshift(resolve) : waiting.push(resolve)))
  }
  return async () => {
    await obtain(false)
    let state: 'held' | 'lent' | 'released' = 'held'
    return {
      lend() {
        if (state !== 'held' || lent >= lendable) return
        state = 'lent'
        lent += 1
        give()
      },
      async regain() {
        if (state !== 'lent') return
        await obtain(true)
        // Given up while it waited.
        if ((state as string) === 'released') return give()
        state = 'held'
        lent -= 1
      },
      release() {
        if (state === 'held') give()
        if (state === 'lent') lent -= 1
        state = 'released'
      },
    }
  }
}
