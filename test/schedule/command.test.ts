import {mkdtemp, readdir, readFile, rm, writeFile} from 'node:fs/promises'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {afterAll, beforeAll, expect, test} from 'vitest'
import {takeLock} from '../../src/cli/lock.js'
import type {EmbeddedServer} from '../../src/embedded/server.js'
import {BIN, cliIn} from '../cli.js'
import {CONNINFO} from './plans.js'
import {serverWithRole} from './server.js'

let folder: string
let server: EmbeddedServer
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ahsp-db-command-'))
  server = await serverWithRole()
})
afterAll(async () => {
  await server.stop()
  await rm(folder, {recursive: true})
})

test('schedule prints units that start this very program, or writes them into a folder', async () => {
  const cli = cliIn(folder)
  const {code, stdout, stderr} = await cli(['schedule', '--print', 'systemd', CONNINFO])
  expect({code, stderr}).toEqual({code: 0, stderr: ''})
  expect(stdout.match(/^# --- .*$/gm)).toHaveLength(3)
  expect(stdout).toContain(`ExecStart=${process.execPath} ${BIN} check --save --baseline last --fail-on-new --brief "`)
  const written = await cli(['schedule', '--print', 'systemd', '-o', 'units', CONNINFO])
  expect(written.stdout.trimEnd().split('\n')).toHaveLength(3)
  const names = await readdir(join(folder, 'units'))
  expect(names.sort()).toEqual(['ahsp-db-alert.service', 'ahsp-db.service', 'ahsp-db.timer'])
  expect(stdout).toContain(await readFile(join(folder, 'units', 'ahsp-db.service'), 'utf8'))
  expect(await cli(['schedule', '--print', 'anacron'])).toMatchObject({code: 2, stdout: ''})
})

test('check and report with --save end with 75 in one line while another run saves; without it nothing is locked', async () => {
  const cli = cliIn(folder)
  const url = server.url('postgres')
  const target = {host: '127.0.0.1', port: server.port, database: 'postgres'}
  const release = await takeLock({target, place: join(folder, '.ahsp-db/history')})
  try {
    for (const command of ['check', 'report']) {
      const busy = await cli([command, '--save', url])
      expect(busy).toMatchObject({code: 75, stdout: ''})
      expect(busy.stderr).toMatch(/^error\[BUSY\]: another run is reading 127.0.0.1:\d+\/postgres \(process .*\n$/)
    }
    expect(await cli(['check', '--brief', url])).toMatchObject({code: 0})
    const waiting = cli(['check', '--brief', '--save', '--wait-lock', '60s', url])
    setTimeout(release, 500)
    expect(await waiting).toMatchObject({code: 0, stderr: ''})
  } finally {
    await release()
  }
})

test('of many targets the locked one alone is left out', async () => {
  await writeFile(
    join(folder, 'ahsp-db.yaml'),
    `targets:\n  - {name: one, connection: '${server.url('postgres')}'}\n  - {name: two, connection: '${server.url('template1')}'}\n`,
  )
  const release = await takeLock({
    target: {host: '127.0.0.1', port: server.port, database: 'postgres'},
    place: join(folder, 'many'),
  })
  try {
    const {code, stdout, stderr} = await cliIn(folder)([
      'check',
      '--all',
      '--save',
      '--history',
      'many',
      '--format',
      'json',
    ])
    expect(stderr).toBe('')
    const {rows} = JSON.parse(stdout)
    const exits = Object.fromEntries(rows.map(({name, exit}: {name: string; exit: number}) => [name, exit]))
    expect(exits).toEqual({one: 75, two: 0})
    expect(code).toBe(75)
  } finally {
    await release()
  }
})
