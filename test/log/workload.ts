import {readdirSync, readFileSync} from 'node:fs'
import {join} from 'node:path'
import pg from 'pg'
import {type EmbeddedServer, startServer} from '../../src/embedded/server.js'

/** Between them, so that a busy machine does not blur what is a pause. */
export const GAP_MS = 100
const PAUSE_MS = 200
const ROWS = 8

export type Logs = {stderr: string; csvlog: string; jsonlog: string}

/** A server that logs every statement in all three formats at once. */
export const loggingServer = (prefix: string, settings: Record<string, string> = {}, binDir?: string) =>
  startServer({
    binDir,
    settings: {
      logging_collector: 'on',
      log_destination: binDir ? 'stderr,csvlog' : 'stderr,csvlog,jsonlog',
      log_directory: 'log',
      log_filename: 'postgresql-%a.log',
      log_min_duration_statement: '0',
      log_line_prefix: prefix,
      log_timezone: 'UTC',
      ...settings,
    },
  })

/** What the server has logged, by format. */
export function logsOf(server: EmbeddedServer): Logs {
  const folder = join(server.dataDir, 'log')
  const text = (ending: string) =>
    readdirSync(folder)
      .filter(file => file.endsWith(ending))
      .map(file => readFileSync(join(folder, file), 'utf8'))
      .join('')
  return {stderr: text('.log'), csvlog: text('.csv'), jsonlog: text('.json')}
}

export type Send = (sql: string, values?: unknown[]) => Promise<pg.QueryResult>
export type Protocol = 'simple' | 'unnamed' | 'named'

const SCHEMA = `
  CREATE TABLE "Owner" (id int PRIMARY KEY, name text);
  CREATE TABLE projects (id int PRIMARY KEY, owner_id int REFERENCES "Owner", title text);
  CREATE TABLE work_items (id int PRIMARY KEY, project_id int REFERENCES projects, title text);
  CREATE TABLE settings (name text PRIMARY KEY, value text);
  CREATE TABLE jobs (id int PRIMARY KEY, state text);
  INSERT INTO "Owner" SELECT i, 'owner ' || i FROM generate_series(1, 20) i;
  INSERT INTO projects SELECT i, i, 'project ' || i FROM generate_series(1, 20) i;
  INSERT INTO work_items SELECT i, i % 20 + 1, 'item ' || i FROM generate_series(1, 200) i;
  INSERT INTO settings VALUES ('theme', 'dark');
  INSERT INTO jobs SELECT i, 'ready' FROM generate_series(1, 20) i;
`

/** Runs `work` on one connection; with the given protocol, values go inline, as parameters, or to a named statement. */
export async function session(
  server: EmbeddedServer,
  protocol: Protocol,
  work: (send: Send, pause: () => Promise<void>) => Promise<void>,
): Promise<void> {
  const client = new pg.Client({connectionString: server.url()})
  await client.connect()
  const names = new Map<string, string>()
  const nameOf = (sql: string) => {
    if (!names.has(sql)) names.set(sql, `s${names.size}`)
    return names.get(sql)!
  }
  const send: Send = (sql, values) => {
    if (!values || values.length === 0) return client.query(sql)
    if (protocol === 'simple') {
      return client.query(sql.replace(/\$(\d+)/g, (_, n) => literal(values[Number(n) - 1])))
    }
    return client.query({text: sql, values, ...(protocol === 'named' ? {name: nameOf(sql)} : {})})
  }
  try {
    await work(send, () => new Promise(resolve => setTimeout(resolve, PAUSE_MS)))
  } finally {
    await client.end()
  }
}

const literal = (value: unknown) => (typeof value === 'number' ? String(value) : `'${String(value)}'`)

export const createSchema = (server: EmbeddedServer) =>
  session(server, 'simple', async send => {
    await send(SCHEMA)
  })

const LIST = 'SELECT id, owner_id, title FROM projects\nWHERE title <> $1\n  ORDER BY id LIMIT $2'
const SECRET = 'correct horse'

/** Pages with an N+1: the owner of each project, the items of each project, their number. */
export async function diseased(send: Send, pause: () => Promise<void>): Promise<void> {
  for (let request = 0; request < 4; request += 1) {
    const {rows} = await send(LIST, [SECRET, ROWS + request])
    for (const {owner_id} of rows) await send('SELECT * FROM "Owner" WHERE "id" = $1', [owner_id])
    await pause()
    await send(LIST, [SECRET, ROWS + request])
    for (const {id} of rows) {
      await send('SELECT id, title FROM work_items WHERE project_id = $1 AND title <> $2', [id, SECRET])
      await send('SELECT count(*) FROM work_items WHERE project_id = $1', [id])
    }
    await pause()
  }
}

/** The same setting again and again, and rows looked up one by one without a list before. */
export async function other(send: Send, pause: () => Promise<void>): Promise<void> {
  for (let request = 0; request < 4; request += 1) {
    for (let i = 0; i < ROWS; i += 1) await send('SELECT value FROM settings WHERE name = $1', ['theme'])
    await pause()
    for (let i = 0; i < ROWS; i += 1) {
      await send('INSERT INTO jobs VALUES ($1, $2) ON CONFLICT DO NOTHING', [request * ROWS + i, 'x'])
    }
    await pause()
    for (let i = 0; i < ROWS; i += 1) await send('SELECT id FROM work_items WHERE title = $1', [`item ${i}`])
    await pause()
  }
}

/** What must stay silent. */
export async function healthy(send: Send, pause: () => Promise<void>): Promise<void> {
  for (let request = 0; request < 8; request += 1) {
    await send('SELECT 1')
    await send('SELECT * FROM "Owner" WHERE id = $1', [request])
    await pause()
  }
  for (let request = 0; request < 4; request += 1) {
    // Detail pages, one transaction each, directly after the list.
    await send(LIST, ['', 20])
    for (let i = 0; i < ROWS; i += 1) {
      await send('BEGIN')
      await send('SELECT * FROM projects WHERE id = $1', [i])
      await send('COMMIT')
    }
    await pause()
    // Eager loading.
    await send(LIST, ['', 20])
    await send('SELECT * FROM "Owner" WHERE id = ANY($1)', ['{1,2,3,4,5,6}'])
    for (let i = 0; i < ROWS; i += 1) await send(`SELECT * FROM work_items WHERE project_id IN (${i}, 2, 3)`)
    await pause()
    // Keyset pages, a queue, metadata.
    for (let i = 0; i < ROWS; i += 1)
      await send('SELECT id FROM work_items WHERE id > $1 ORDER BY id LIMIT 10', [i * 10])
    for (let i = 0; i < ROWS; i += 1) {
      await send("SELECT id FROM jobs WHERE state = 'ready' ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED")
    }
    for (let i = 0; i < ROWS; i += 1) await send('SELECT relname FROM pg_class WHERE oid = $1', [i])
    await pause()
  }
}

export const PRIVATE = [SECRET, 'dark', 'theme']
