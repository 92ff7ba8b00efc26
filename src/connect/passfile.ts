import fs from 'node:fs/promises'
import {shown} from './paths.js'

export type PassfileEntry = {line: number; fields: (string | null)[]; password: string}
export type Passfile = {name: string; entries: PassfileEntry[]; warnings: string[]}

/** Reads a password file as libpq does: one that others could read is ignored, with a warning. */
export async function readPassfile(file: string, explicit: boolean, env: NodeJS.ProcessEnv): Promise<Passfile> {
  const name = shown(file, env)
  const none = (warning?: string): Passfile => ({name, entries: [], warnings: warning ? [warning] : []})
  try {
    const stat = await fs.stat(file)
    if (!stat.isFile()) return none(`password file ${name} is not a plain file and was ignored`)
    if (process.platform !== 'win32' && stat.mode & 0o077) {
      return none(`password file ${name} was ignored because others may read it: chmod 600 ${name}`)
    }
    return {name, entries: parsePassfile(await fs.readFile(file, 'utf8')), warnings: []}
  } catch (error) {
    const {code} = error as NodeJS.ErrnoException
    if ((code === 'ENOENT' || code === 'ENOTDIR') && !explicit) return none()
    return none(`password file ${name} cannot be read (${code}) and was ignored`)
  }
}

export function parsePassfile(text: string): PassfileEntry[] {
  return text.split('\n').flatMap((raw, index) => {
    const line = raw.replace(/\r$/, '')
    if (line === '' || line.startsWith('#')) return []
    // A colon or backslash inside a field is escaped by a backslash.
    const parts = line.match(/(?:\\.|[^:\\]|\\$)*(?::|$)/g)!.map(part => part.replace(/:$/, ''))
    const [host, port, database, user, password] = parts
    if (password === undefined || parts.length < 5) return []
    const fields = [host!, port!, database!, user!].map(field => (field === '*' ? null : unescaped(field)))
    return [{line: index + 1, fields, password: unescaped(password)}]
  })
}

const unescaped = (field: string) => field.replace(/\\(.)/g, '$1')

/** The first line that matches wins; null in a line matches everything. */
export function findPassword(entries: PassfileEntry[], key: [host: string, port: string, db: string, user: string]) {
  return entries.find(({fields}) => fields.every((field, i) => field === null || field === key[i]))
}
