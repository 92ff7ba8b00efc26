import {type ChildProcess, execFileSync, spawn} from 'node:child_process'
import {once} from 'node:events'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import {fileURLToPath} from 'node:url'
import pg from 'pg'
import {afterAll, describe, expect, test} from 'vitest'
import {debianBinDir, embeddedAvailable, startServer} from '../../src/embedded/server.js'

const available = embeddedAvailable()
const isRoot = process.getuid?.() === 0
const isWindows = process.platform === 'win32'

async function query(url: string, text: string): Promise<Record<string, unknown>[]> {
  const client = new pg.Client({connectionString: url})
  client.on('error', () => {})
  await client.connect()
  try {
    return (await client.query(text)).rows
  } finally {
    await client.end()
  }
}

type Started = {url: string; dataDir: string; binDir: string}

const CHILD = fileURLToPath(new URL('child.ts', import.meta.url))
const children: ChildProcess[] = []
afterAll(() => {
  for (const child of children) child.kill('SIGKILL')
})

async function startChild(
  account?: {uid: number; gid: number},
  binDir = '',
): Promise<{child: ChildProcess; started: Started}> {
  const args = ['--import', 'tsx', CHILD, binDir]
  const child = spawn(process.execPath, args, {stdio: ['ignore', 'pipe', 'inherit'], ...account})
  children.push(child)
  const [line] = await once(child.stdout!, 'data')
  return {child, started: JSON.parse(String(line))}
}

test('the embedded server is available here', () => {
  expect(available).toMatchObject({ok: true})
})

describe('startServer', () => {
  test('starts, answers, keeps its data over a restart, and leaves nothing behind', async () => {
    const server = await startServer({settings: {work_mem: '8MB', log_line_prefix: "'%m' "}})
    expect(await query(server.url(), 'SHOW log_line_prefix')).toEqual([{log_line_prefix: "'%m' "}])
    await query(server.url(), 'CREATE TABLE kept AS SELECT 1 AS n')
    await server.restart()
    expect(await query(server.url(), 'SELECT n FROM kept')).toEqual([{n: 1}])
    expect(await server.log()).toContain('database system is ready to accept connections')
    expect(fs.statSync(server.dataDir).mode & 0o777).toBe(isWindows ? 0o666 : 0o700)
    const folder = path.dirname(server.dataDir)
    await server.stop()
    await server.stop()
    expect(fs.existsSync(folder)).toBe(false)
    await expect(query(server.url(), 'SELECT 1')).rejects.toThrow()
  })

  test('settings stand in place of their default lines', async () => {
    const server = await startServer({settings: {shared_buffers: '64MB', 'pg_stat_statements.max': '500'}})
    const conf = fs.readFileSync(path.join(server.dataDir, 'postgresql.conf'), 'utf8').split('\n')
    const lines = conf.filter(line => /^#?(shared_buffers|pg_stat_statements\.max) =/.test(line))
    expect(lines).toEqual([
      expect.stringMatching(/^shared_buffers = 64MB\s+# min 128kB/),
      'pg_stat_statements.max = 500',
    ])
    const [row] = await query(server.url(), "SELECT sourceline FROM pg_settings WHERE name = 'shared_buffers'")
    expect(row!.sourceline).toBe(conf.indexOf(lines[0]!) + 1)
    await server.stop()
  })

  test('two run side by side, over TCP and over their own sockets', async () => {
    const servers = await Promise.all([startServer(), startServer({settings: {max_connections: '20'}})])
    expect(servers[0].port).not.toBe(servers[1].port)
    for (const [index, server] of servers.entries()) {
      const [row] = await query(server.url(), 'SHOW max_connections')
      expect(row).toEqual({max_connections: index ? '20' : '100'})
      if (isWindows) continue
      const client = new pg.Client({host: server.socketDir, port: server.port, user: 'postgres', database: 'postgres'})
      await client.connect()
      await client.end()
    }
    await Promise.all(servers.map(server => server.stop()))
  })

  test('hba lines replace the defaults', async () => {
    const server = await startServer({hba: ['host all all 127.0.0.1/32 reject']})
    await expect(query(server.url(), 'SELECT 1')).rejects.toMatchObject({code: '28000'})
    await server.stop()
  })

  test('a kept data folder serves as a template', async () => {
    const first = await startServer({keep: true})
    await query(first.url(), 'CREATE TABLE inherited AS SELECT 7 AS n')
    await first.stop()
    const second = await startServer({template: first.dataDir})
    expect(second.port).not.toBe(first.port)
    expect(await query(second.url(), 'SELECT n FROM inherited')).toEqual([{n: 7}])
    await second.stop()
  })

  test('says what the server logged when it does not start', async () => {
    await expect(startServer({settings: {shared_preload_libraries: 'no_such_library'}})).rejects.toThrow(
      /no_such_library/,
    )
  })

  test.skipIf(!debianBinDir(15))("runs Debian's PostgreSQL 15", async () => {
    const server = await startServer({binDir: debianBinDir(15)!})
    expect(server.major).toBe(15)
    const [row] = await query(server.url(), "SELECT current_setting('server_version_num')::int / 10000 AS major")
    expect(row!.major).toBe(15)
    await server.stop()
  })
})

describe.skipIf(isWindows)('the end of the process', () => {
  test('SIGTERM stops the server and removes its folder', async () => {
    const {child, started} = await startChild()
    child.kill('SIGTERM')
    const [, signal] = await once(child, 'exit')
    expect(signal).toBe('SIGTERM')
    expect(fs.existsSync(path.dirname(started.dataDir))).toBe(false)
    await expect(query(started.url, 'SELECT 1')).rejects.toThrow()
  })

  test('what SIGKILL leaves behind is removed by the next process', async () => {
    const {child, started} = await startChild()
    child.kill('SIGKILL')
    await once(child, 'exit')
    expect(await query(started.url, 'SELECT 1 AS n')).toEqual([{n: 1}])
    const next = await startChild()
    expect(fs.existsSync(path.dirname(started.dataDir))).toBe(false)
    await expect(query(started.url, 'SELECT 1')).rejects.toThrow()
    next.child.kill('SIGTERM')
    await once(next.child, 'exit')
  })

  test.skipIf(!isRoot || !openToNobody())('an ordinary user runs it as itself', async () => {
    const {child, started} = await startChild(nobody())
    expect(fs.statSync(started.dataDir).uid).toBe(nobody().uid)
    expect(await query(started.url, 'SELECT 1 AS n')).toEqual([{n: 1}])
    child.kill('SIGTERM')
    await once(child, 'exit')
    expect(fs.existsSync(path.dirname(started.dataDir))).toBe(false)
  })
})

/** The platform package as `npm ci --ignore-scripts` leaves it, in a folder of its own. */
function packageWithoutLinks(parentMode = 0o755): {root: string; binDir: string} {
  const root = fs.mkdtempSync(path.join(os.tmpdir(), 'ahsp-db-test-'))
  fs.chmodSync(root, parentMode)
  if (!available.ok) throw new Error(available.reason)
  fs.cpSync(path.resolve(available.binDir, '..'), path.join(root, 'native'), {
    recursive: true,
    filter: file => !file.endsWith('.a') && !fs.lstatSync(file).isSymbolicLink(),
  })
  return {root, binDir: path.join(root, 'native', 'bin')}
}

describe.skipIf(isWindows)('usableBinaries', () => {
  test('restores the symbolic links that an install without scripts leaves out', async () => {
    const {root, binDir} = packageWithoutLinks()
    const server = await startServer({binDir})
    expect(server.binDir).toBe(binDir)
    const {target} = JSON.parse(fs.readFileSync(path.join(root, 'native', 'pg-symlinks.json'), 'utf8'))[0]
    expect(fs.lstatSync(path.join(root, target)).isSymbolicLink()).toBe(true)
    expect(await query(server.url(), 'SELECT 1 AS n')).toEqual([{n: 1}])
    await server.stop()
    fs.rmSync(root, {recursive: true})
  })

  test.skipIf(!isRoot)('copies a package that the server account cannot reach', async () => {
    const {root, binDir} = packageWithoutLinks(0o700)
    const server = await startServer({binDir})
    expect(server.binDir).not.toBe(binDir)
    expect(await query(server.url(), 'SELECT 1 AS n')).toEqual([{n: 1}])
    await server.stop()
    fs.rmSync(root, {recursive: true})
  })

  test.skipIf(isRoot && !openToNobody())('copies a package that it may not repair', async () => {
    const {root, binDir} = packageWithoutLinks()
    fs.chmodSync(path.join(root, 'native', 'lib'), 0o555)
    const {child, started} = await startChild(isRoot ? nobody() : undefined, binDir)
    expect(started.binDir).not.toBe(binDir)
    expect(await query(started.url, 'SELECT 1 AS n')).toEqual([{n: 1}])
    child.kill('SIGTERM')
    await once(child, 'exit')
    expect(fs.existsSync(started.binDir)).toBe(false)
    fs.chmodSync(path.join(root, 'native', 'lib'), 0o755)
    fs.rmSync(root, {recursive: true})
  })
})

function nobody(): {uid: number; gid: number} {
  const id = (flag: string) => Number(execFileSync('id', [flag, 'nobody'], {encoding: 'utf8'})) | 0
  return {uid: id('-u'), gid: id('-g')}
}

/** A checkout below a closed home folder cannot be run by somebody else. */
function openToNobody(): boolean {
  try {
    execFileSync(process.execPath, ['--import', 'tsx', '-e', '0'], {stdio: 'ignore', ...nobody()})
    return execFileSync('cat', [CHILD], {stdio: ['ignore', 'pipe', 'ignore'], ...nobody()}).length > 0
  } catch {
    return false
  }
}
