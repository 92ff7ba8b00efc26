import {spawn} from 'node:child_process'
import {fileURLToPath} from 'node:url'

export const BIN = fileURLToPath(new URL('../bin/run.js', import.meta.url))

export type Run = {code: number | null; stdout: string; stderr: string}

/** Any program, to its end; `cwd` decides which ahsp-db.yaml is found. */
export async function run(command: string, args: string[], cwd: string, env: NodeJS.ProcessEnv = {}): Promise<Run> {
  const child = spawn(command, args, {cwd, env: {...process.env, ...env}, stdio: ['ignore', 'pipe', 'pipe']})
  const text = {stdout: '', stderr: ''}
  for (const stream of ['stdout', 'stderr'] as const) {
    child[stream].setEncoding('utf8').on('data', chunk => {
      text[stream] += chunk
    })
  }
  const code = await new Promise<number | null>(resolve => child.on('close', resolve))
  return {code, ...text}
}

/** The built program, as users start it. */
export const cliIn = (cwd: string) => (args: string[], env?: NodeJS.ProcessEnv) =>
  run(process.execPath, [BIN, ...args], cwd, env)
