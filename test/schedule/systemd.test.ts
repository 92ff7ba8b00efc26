import {spawnSync} from 'node:child_process'
import {mkdtemp, readdir, rm, writeFile} from 'node:fs/promises'
import {tmpdir} from 'node:os'
import {basename, dirname, join} from 'node:path'
import {afterAll, beforeAll, expect, test} from 'vitest'
import type {EmbeddedServer} from '../../src/embedded/server.js'
import {planOf} from '../../src/schedule/request.js'
import {systemd} from '../../src/schedule/systemd.js'
import {run} from '../cli.js'
import {flags, plan} from './plans.js'
import {asNobody, conninfoOf, home, serverWithRole} from './server.js'

let server: EmbeddedServer
let folder: string
beforeAll(async () => {
  server = await serverWithRole()
  folder = await mkdtemp(join(tmpdir(), 'ahsp-db-units-'))
})
afterAll(async () => {
  await server.stop()
  await rm(folder, {recursive: true})
})

const hasSystemd = spawnSync('systemd-analyze', ['--version']).status === 0
const settings = (text: string, name: string) => [...text.matchAll(new RegExp(`^${name}=(.*)$`, 'gm'))].map(m => m[1]!)

/** The words of a command line, as systemd takes them. */
const wordsOf = (line: string) =>
  [...line.matchAll(/"((?:\\.|[^"\\])*)"|(\S+)/g)].map(([, quoted, plain]) =>
    (quoted?.replaceAll(/\\(.)/g, '$1') ?? plain!).replaceAll('%%', '%').replaceAll('$$', '$'),
  )

test('the command line means what was asked for, whatever its characters', () => {
  const command = ['check', 'host=db "x" user=a$HOME %h \\ dbname=ü']
  const [service] = systemd(plan({command, config: '/etc/a b.yaml'}))
  expect(settings(service!.text, 'ExecStart').map(wordsOf)).toEqual([
    ['/usr/bin/node', '/opt/ahsp-db/bin/run.js', ...command, '--config', '/etc/a b.yaml'],
  ])
})

test('it runs as an account of its own, or as the given one; trouble starts the alert, 75 is none', () => {
  const [service, timer, alert] = systemd(plan())
  expect(settings(service!.text, 'DynamicUser')).toEqual(['yes'])
  expect(settings(service!.text, 'OnFailure')).toEqual([basename(alert!.path)])
  expect(settings(service!.text, 'SuccessExitStatus')).toEqual(['75'])
  expect(settings(timer!.text, 'OnCalendar')).toEqual(['*-*-* *:00/15:00'])
  const [named] = systemd(plan({user: 'monitor'}))
  expect(settings(named!.text, 'User')).toEqual(['monitor'])
  expect(settings(named!.text, 'DynamicUser')).toEqual([])
})

test.skipIf(!hasSystemd)('systemd-analyze finds nothing to complain about, and little exposure', async () => {
  for (const each of [plan(), plan({user: 'root', webhookFile: '/etc/ahsp-db/webhook'})]) {
    const files = systemd({...each, program: [process.execPath]})
    const names = files.map(({path}) => join(folder, basename(path)))
    await Promise.all(files.map(({text}, i) => writeFile(names[i]!, text)))
    const verified = await run('systemd-analyze', ['verify', '--man=no', ...names], folder)
    expect(verified).toEqual({code: 0, stdout: '', stderr: ''})
    const security = await run('systemd-analyze', ['security', '--offline=true', '--no-pager', names[0]!], folder)
    const [, exposure] = /exposure level for ahsp-db.service: ([\d.]+)/.exec(security.stdout)!
    expect(Number(exposure)).toBeLessThan(2)
  }
})

test('ExecStart runs as an unprivileged account with the environment of the unit', async () => {
  const {folder, passfile, password} = await home()
  const [service] = systemd(planOf('systemd', flags(), conninfoOf(server)))
  const words = wordsOf(settings(service!.text, 'ExecStart')[0]!.replaceAll('/var/lib/ahsp-db', folder))
  const [variable] = settings(service!.text, 'Environment')
  const env = ['-i', 'PATH=/usr/bin:/bin', variable!.replace('/run/ahsp-db/pgpass', passfile)]
  const start = () => run('env', [...env, ...asNobody, ...words], folder)
  try {
    const first = await start()
    expect(first).toMatchObject({code: 0, stderr: ''})
    expect(first.stdout).toMatch(/^HEALTHY: /)
    const saved = await readdir(join(folder, 'history'), {recursive: true})
    expect(saved.filter(name => name.endsWith('.json.gz'))).toHaveLength(1)
    await password('wrong')
    expect(await start()).toMatchObject({code: 3, stderr: expect.stringContaining('error[AUTH]')})
  } finally {
    await rm(dirname(folder), {recursive: true})
  }
})
