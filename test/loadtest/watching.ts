import {spawn} from 'node:child_process'
import {existsSync, readFileSync} from 'node:fs'
import {setTimeout as sleep} from 'node:timers/promises'
import {BIN} from '../cli.js'

export type Watching = {
  /** resolves with the exit code and what was printed */
  ended: Promise<{code: number | null; stdout: string; stderr: string}>
  kill: (signal: NodeJS.Signals) => void
  /** until the file holds so many lines of this type */
  until: (type: string, count: number) => Promise<void>
}

/** `ahsp-db loadtest watch` in the background. */
export function startWatching(file: string, args: string[]): Watching {
  const child = spawn(process.execPath, [BIN, 'loadtest', 'watch', '-o', file, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const text = {stdout: '', stderr: ''}
  for (const stream of ['stdout', 'stderr'] as const) {
    child[stream].setEncoding('utf8').on('data', chunk => {
      text[stream] += chunk
    })
  }
  const ended = new Promise<number | null>(resolve => child.on('close', resolve)).then(code => ({code, ...text}))
  return {
    ended,
    kill: signal => child.kill(signal),
    async until(type, count) {
      const line = new RegExp(`^\\{"type":"${type}"`, 'gm')
      for (let tries = 0; tries < 200; tries += 1) {
        const found = existsSync(file) ? (readFileSync(file, 'utf8').match(line)?.length ?? 0) : 0
        if (found >= count) return
        if (child.exitCode !== null) break
        await sleep(100)
      }
      throw new Error(`the file never got ${count} lines of ${type}: ${text.stderr}`)
    },
  }
}
