import fs from 'node:fs/promises'
import path from 'node:path'

/**
 * Writes settings into postgresql.conf as a person would: in place of the line of that name (the commented default
 * that initdb leaves there, with its trailing comment), at the end when there is none.
 */
export async function writeSettings(dataDir: string, settings: Record<string, string>): Promise<void> {
  const file = path.join(dataDir, 'postgresql.conf')
  const lines = (await fs.readFile(file, 'utf8')).split('\n')
  for (const [name, value] of Object.entries(settings)) setLine(lines, name, value)
  await fs.writeFile(file, `${lines.join('\n').trimEnd()}\n`)
}

/** Takes a setting's lines out, so that the server's own default holds. */
export async function removeSettings(dataDir: string, names: string[]): Promise<void> {
  if (names.length === 0) return
  const file = path.join(dataDir, 'postgresql.conf')
  const isRemoved = (line: string) => names.some(name => line.replace(/^\s+/, '').startsWith(`${name} =`))
  const lines = (await fs.readFile(file, 'utf8')).split('\n')
  await fs.writeFile(file, lines.filter(line => !isRemoved(line)).join('\n'))
}

export async function writeHba(dataDir: string, lines: string[]): Promise<void> {
  await fs.writeFile(path.join(dataDir, 'pg_hba.conf'), `${lines.join('\n')}\n`)
}

function setLine(lines: string[], name: string, value: string): void {
  const escaped = name.replace(/\./g, '\\.')
  const pattern = (comment: string) =>
    new RegExp(`^${comment}${escaped}\\s*=\\s*(?:'(?:[^']|'')*'|[^\\s#]*)(\\s*#.*)?\\s*$`)
  let index = lines.findIndex(line => pattern('\\s*').test(line))
  if (index < 0) index = lines.findIndex(line => pattern('#').test(line))
  const line = `${name} = ${quoteValue(value)}`
  if (index < 0) lines.splice(lines.at(-1) === '' ? lines.length - 1 : lines.length, 0, line)
  else lines[index] = line + (pattern('[#\\s]*').exec(lines[index]!)?.[1] ?? '')
}

/** Numbers with a unit and plain words stand bare in postgresql.conf, everything else in quotes. */
function quoteValue(value: string): string {
  const bare = /^(-?\d+[a-zA-Z]*|-?\d+\.\d+|[a-zA-Z_][\w.:/-]*)$/.test(value)
  return bare ? value : `'${value.replace(/\\/g, '\\\\').replace(/'/g, "''")}'`
}
