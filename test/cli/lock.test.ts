import {type ChildProcess, spawn} from 'node:child_process'
import {once} from 'node:events'
import {chmod, mkdir, mkdtemp, readdir, readFile, rm, utimes, writeFile} from 'node:fs/promises'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {fileURLToPath} from 'node:url'
import {build} from 'esbuild'
import {afterAll, afterEach, beforeAll, beforeEach, expect, test} from 'vitest'
import {takeLock, withLock} from '../../src/cli/lock.js'
import {isStale, type Owner, startOf, whereabouts} from '../../src/cli/lock-owner.js'
import {targetToLock} from '../../src/cli/lock-run.js'
import {listHosts} from '../../src/connect/hosts.js'
import {EXIT} from '../../src/errors.js'

const target = {host: 'db.example', port: 5432, database: 'app'}
const LOCK = 'db.example~5432~app.lock'

let programs: string
let holder: string
let place: string
const children: ChildProcess[] = []

beforeAll(async () => {
  programs = await mkdtemp(join(tmpdir(), 'ahsp-db-lock-'))
  holder = join(programs, 'holder.mjs')
  const source = fileURLToPath(new URL('lock-holder.ts', import.meta.url))
  // Plain JavaScript: twenty of them start at once.
  await build({
    entryPoints: [source],
    outfile: holder,
    bundle: true,
    platform: 'node',
    format: 'esm',
    logLevel: 'error',
  })
})
afterAll(() => rm(programs, {recursive: true}))
beforeEach(async () => {
  place = await mkdtemp(join(tmpdir(), 'ahsp-db-lock-'))
})
afterEach(async () => {
  for (const child of children.splice(0)) child.kill('SIGKILL')
  await rm(place, {recursive: true})
})

function start(ms?: number): ChildProcess {
  const child = spawn(process.execPath, [holder, place, 'app', ...(ms === undefined ? [] : [String(ms)])])
  children.push(child)
  return child
}

async function held(): Promise<ChildProcess> {
  const child = start()
  const [said] = await once(child.stdout!, 'data')
  expect(String(said)).toBe('held\n')
  return child
}

const locks = () => readdir(join(place, '.locks'))

async function left(owner: Partial<Owner>, ageMs: number): Promise<void> {
  const release = await takeLock({target, place})
  const file = join(place, '.locks', LOCK)
  const own = JSON.parse(await readFile(file, 'utf8'))
  await release()
  await writeFile(file, JSON.stringify({...own, ...owner, token: 'of another run'}))
  const then = new Date(Date.now() - ageMs)
  await utimes(file, then, then)
}

test('a second run says in one line who is there, and ends with 75; another database is free', async () => {
  const first = await held()
  const error = await takeLock({target, place}).catch(error => error)
  expect(error.line).toMatch(
    new RegExp(
      `^error\\[BUSY\\]: another run is reading db.example:5432/app \\(process ${first.pid} on \\S+ since 2\\S+\\) - `,
    ),
  )
  expect(error.exit).toBe(75)
  expect(EXIT.busy).toBe(75)
  await expect(withLock({target: {...target, database: 'other'}, place}, async () => 'done')).resolves.toBe('done')
  expect(await locks()).toEqual([LOCK])
})

test('a run that ends, throws or is killed leaves no lock that counts', async () => {
  await withLock({target, place}, async () => {})
  expect(await locks()).toEqual([])
  await expect(withLock({target, place}, () => Promise.reject(new Error('broken')))).rejects.toThrow('broken')
  expect(await locks()).toEqual([])

  const killed = await held()
  killed.kill('SIGKILL')
  await once(killed, 'exit')
  expect(await locks()).toEqual([LOCK])
  await expect(withLock({target, place}, async () => 'done')).resolves.toBe('done')
  expect(await locks()).toEqual([])
})

test('the end of the process releases it, whatever ended it', async () => {
  const program = join(programs, 'ends.mjs')
  const lock = JSON.stringify(fileURLToPath(new URL('../../src/cli/lock.ts', import.meta.url)))
  const contents = `import {takeLock} from ${lock}
await takeLock({target: ${JSON.stringify(target)}, place: process.argv[2]})
process.exit(3)`
  const stdin = {contents, resolveDir: programs}
  await build({stdin, outfile: program, bundle: true, platform: 'node', format: 'esm', logLevel: 'error'})
  const [code] = await once(spawn(process.execPath, [program, place]), 'exit')
  expect(code).toBe(3)
  expect(await locks()).toEqual([])
})

test('it is waited for as long as was asked', async () => {
  const first = await held()
  const waiting = withLock({target, place, waitMs: 30_000}, async () => 'done')
  setTimeout(() => first.kill('SIGKILL'), 400)
  await expect(waiting).resolves.toBe('done')
  await held()
  const before = Date.now()
  await expect(takeLock({target, place, waitMs: 600})).rejects.toMatchObject({code: 'BUSY'})
  expect(Date.now() - before).toBeGreaterThanOrEqual(600)
})

test('of twelve at once, over the lock of a run that was killed, exactly one gets it', async () => {
  const killed = await held()
  killed.kill('SIGKILL')
  await once(killed, 'exit')
  const runs = Array.from({length: 12}, () => start())
  const codes: number[] = []
  await new Promise<void>(resolve => {
    for (const run of runs) run.once('exit', code => codes.push(code!) === 11 && resolve())
  })
  expect(codes).toEqual(Array(11).fill(75))
  const [first] = runs.filter(({exitCode}) => exitCode === null)
  first!.kill('SIGTERM')
  await once(first!, 'exit')
  await expect(withLock({target, place}, async () => 'done')).resolves.toBe('done')
})

test('a number that is used again is another process; a reboot ends all of them', async () => {
  await left({pid: process.pid, started: '1'}, 0)
  await expect(withLock({target, place}, async () => 'done')).resolves.toBe('done')
  await left({where: 'this machine, before it was rebooted'}, 61_000)
  await expect(withLock({target, place}, async () => 'done')).resolves.toBe('done')
})

test('the process of another machine is alive while it touches its lock', async () => {
  await left({where: 'another machine', pid: 2 ** 22 + 1}, 15_000)
  await expect(takeLock({target, place})).rejects.toMatchObject({code: 'BUSY'})
  expect(isStale(null, 15_000)).toBe(false)
  expect(isStale(null, 61_000)).toBe(true)
  const own = {pid: process.pid, where: whereabouts(), started: startOf(process.pid)} as Owner
  // Stopped for an hour, it is there nevertheless.
  if (own.started !== null) expect(isStale(own, 3_600_000)).toBe(false)
})

test("a lock that was not written to its end is nobody's after a minute", async () => {
  await left({}, 0)
  const file = join(place, '.locks', LOCK)
  await writeFile(file, '{"pid": 12')
  await expect(takeLock({target, place})).rejects.toThrow('another run is reading db.example:5432/app')
  const then = new Date(Date.now() - 61_000)
  await utimes(file, then, then)
  await expect(withLock({target, place}, async () => 'done')).resolves.toBe('done')
})

test('a folder that cannot be written is told with exit 6', async () => {
  await writeFile(join(place, 'file'), '')
  const error = await takeLock({target, place: join(place, 'file')}).catch(error => error)
  expect(error).toMatchObject({code: 'LOCK', exit: EXIT.output})
})

test("beside a history in a database the lock is this user's, on this machine", async () => {
  const url = 'postgres://me:secret@db.example/history'
  const database = `lock ${process.pid}`
  await withLock({target: {...target, database}, place: url}, async () => {
    await expect(takeLock({target: {...target, database}, place: url})).rejects.toMatchObject({code: 'BUSY'})
  })
})

const canBecome = process.getuid?.() === 0

test.skipIf(!canBecome)(
  "an account without a name, as containers have, can lock; nobody else's folder is used",
  async () => {
    const shared = await mkdtemp(join(tmpdir(), 'ahsp-db-shared-'))
    await chmod(shared, 0o1777)
    await chmod(programs, 0o755)
    const start = async (uid: number) => {
      const env = {...process.env, TMPDIR: shared}
      const child = spawn(process.execPath, [holder, 'postgres://h/history', 'app', '10'], {uid, gid: uid, env})
      let said = ''
      child.stdout.on('data', data => {
        said += data
      })
      const [code] = await once(child, 'close')
      return {code, said}
    }
    try {
      expect(await start(61_234)).toEqual({code: 0, said: 'held\n'})
      await mkdir(join(shared, 'ahsp-db-61235'))
      expect(await start(61_235)).toMatchObject({code: 6, said: expect.stringContaining('another user')})
    } finally {
      await rm(shared, {recursive: true})
    }
  },
)

test('of several hosts the lock names all, in whatever order they are given', () => {
  const of = (host: string) => {
    const values = new Map([['host', {text: host, origin: 'a test'}]])
    return targetToLock({hosts: listHosts(values).map(each => ({...each, passwordSource: 'none'})), database: 'app'})
  }
  expect(of('b,a')).toEqual({host: 'a,b', port: 5432, database: 'app'})
  expect(of('a,b')).toEqual(of('b,a'))
})
