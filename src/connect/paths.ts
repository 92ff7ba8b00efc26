import os from 'node:os'
import path from 'node:path'

const windows = process.platform === 'win32'

export function homeOf(env: NodeJS.ProcessEnv): string {
  return env.HOME || os.homedir()
}

/** libpq's folder for a user's own files: %APPDATA%\postgresql on Windows. */
const windowsFolder = (env: NodeJS.ProcessEnv) =>
  path.join(env.APPDATA || path.join(os.homedir(), 'AppData', 'Roaming'), 'postgresql')

export const sslFile = (env: NodeJS.ProcessEnv, name: string) =>
  windows ? path.join(windowsFolder(env), name) : path.join(homeOf(env), '.postgresql', name)

export const defaultPassfile = (env: NodeJS.ProcessEnv) =>
  windows ? path.join(windowsFolder(env), 'pgpass.conf') : path.join(homeOf(env), '.pgpass')

export const defaultServiceFile = (env: NodeJS.ProcessEnv) =>
  windows ? path.join(windowsFolder(env), '.pg_service.conf') : path.join(homeOf(env), '.pg_service.conf')

/** A file's name as messages show it: the home directory is a tilde. */
export function shown(file: string, env: NodeJS.ProcessEnv): string {
  const home = homeOf(env)
  return home.length > 1 && file.startsWith(home + path.sep) ? `~${file.slice(home.length)}` : file
}
