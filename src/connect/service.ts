import fs from 'node:fs/promises'
import path from 'node:path'
import type {CliError} from '../errors.js'
import {checkKeyword} from './keywords.js'
import {defaultServiceFile, shown} from './paths.js'
import {conninfoError, type Values} from './settings.js'

/** Where packages put the system-wide file when PGSYSCONFDIR does not say. */
const SYSTEM_FOLDERS = ['/etc/postgresql-common', '/etc/sysconfig/pgsql', '/usr/local/etc/postgresql', '/etc']

/**
 * Adds the parameters of the service that `values` or PGSERVICE name, where they are not set yet.
 * Throws CliError (exit 2) when no file defines it.
 */
export async function addService(values: Values, env: NodeJS.ProcessEnv): Promise<void> {
  const name = values.get('service')?.text || env.PGSERVICE
  if (!name) return
  const files = [
    env.PGSERVICEFILE || defaultServiceFile(env),
    ...(env.PGSYSCONFDIR ? [env.PGSYSCONFDIR] : SYSTEM_FOLDERS).map(folder => path.join(folder, 'pg_service.conf')),
  ]
  for (const file of files) {
    const lines = await readLines(file, env)
    const found = lines && parseService(lines, name, shown(file, env))
    if (!found) continue
    for (const [keyword, text] of found) {
      if (!values.has(keyword)) values.set(keyword, {text, origin: `service "${name}" in ${shown(file, env)}`})
    }
    return
  }
  throw conninfoError(
    `the service "${name}" is not defined`,
    `define it in ${shown(files[0]!, env)} as [${name}] and lines keyword=value`,
  )
}

async function readLines(file: string, env: NodeJS.ProcessEnv): Promise<string[] | undefined> {
  try {
    return (await fs.readFile(file, 'utf8')).split('\n').map(line => line.trim())
  } catch (error) {
    const {code} = error as NodeJS.ErrnoException
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined
    throw conninfoError(`the service file ${shown(file, env)} cannot be read (${code})`, 'check its permissions')
  }
}

/** The pairs below `[name]`; undefined when the file has no such section. A first mention of a keyword wins. */
export function parseService(lines: string[], name: string, file: string): Map<string, string> | undefined {
  const start = lines.indexOf(`[${name}]`)
  if (start < 0) return undefined
  const pairs = new Map<string, string>()
  for (const [index, line] of lines.entries()) {
    if (index <= start || line === '' || line.startsWith('#')) continue
    if (line.startsWith('[')) break
    const [keyword, text] = parseLine(line, `${file}:${index + 1}`)
    if (!pairs.has(keyword)) pairs.set(keyword, text)
  }
  return pairs
}

function parseLine(line: string, place: string): [keyword: string, text: string] {
  if (line.startsWith('ldap')) throw conninfoError(`${place}: LDAP lookups are not supported`, 'write the parameters')
  const equals = line.indexOf('=')
  if (equals <= 0) throw conninfoError(`${place}: the line has no keyword=value`, 'correct or remove the line')
  const keyword = line.slice(0, equals)
  if (keyword === 'service') throw conninfoError(`${place}: a service cannot name another`, 'remove the line')
  try {
    checkKeyword(keyword, 'the service file')
  } catch (error) {
    const {message, hint} = error as CliError
    throw conninfoError(`${place}: ${message}`, hint)
  }
  return [keyword, line.slice(equals + 1)]
}
