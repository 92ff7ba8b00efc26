import {spawnSync} from 'node:child_process'
import {once} from 'node:events'
import {rm, writeFile} from 'node:fs/promises'
import {createServer} from 'node:http'
import type {AddressInfo} from 'node:net'
import {dirname, join} from 'node:path'
import {afterAll, beforeAll, expect, test} from 'vitest'
import {takeLock} from '../../src/cli/lock.js'
import type {EmbeddedServer} from '../../src/embedded/server.js'
import {cron} from '../../src/schedule/cron.js'
import {planOf, type ScheduleFlags} from '../../src/schedule/request.js'
import {run} from '../cli.js'
import {flags, plan} from './plans.js'
import {asNobody, conninfoOf, home, serverWithRole} from './server.js'

let server: EmbeddedServer
let place: Awaited<ReturnType<typeof home>>
beforeAll(async () => {
  server = await serverWithRole()
  place = await home()
})
afterAll(async () => {
  await server.stop()
  await rm(dirname(place.folder), {recursive: true})
})

const hasCurl = spawnSync('curl', ['--version']).status === 0

/** What cron hands to sh: after the sixth field, `%` without its backslash. */
const entryOf = (text: string) => {
  const [, line] = /^(?:\S+ ){5}\S+ (.*)$/.exec(text.trimEnd().split('\n').at(-1)!)!
  return line!.replaceAll('\\%', '%')
}

/** Runs the line with all that cron gives, and nothing else. */
function start(given: Partial<ScheduleFlags> = {}) {
  const [file] = cron(planOf('cron', flags(given), conninfoOf(server)))
  const text = file!.text.replaceAll('/var/lib/ahsp-db', place.folder).replaceAll('/etc/ahsp-db/pgpass', place.passfile)
  const variables = text.split('\n').filter(line => /^(PATH|SHELL|PGPASSFILE)=/.test(line))
  return run('env', ['-i', `HOME=${place.folder}`, ...variables, ...asNobody, '/bin/sh', '-c', entryOf(text)], '/')
}

test('the line is one that cron takes', () => {
  const [file] = cron(plan({webhookFile: '/etc/ahsp-db/web hook'}))
  const lines = file!.text.trimEnd().split('\n')
  expect(lines.at(-1)).toMatch(/^\*\/15 \* \* \* \* ahsp-db cd /)
  // Debian's cron cuts what is longer.
  expect(entryOf(file!.text).length).toBeLessThan(999)
  expect(lines.at(-1)).not.toMatch(/(?<!\\)%/)
  expect(lines).toContain('MAILTO=root')
})

test('it is silent when all is well, and while another run is there', async () => {
  expect(await start()).toEqual({code: 0, stdout: '', stderr: ''})
  const target = {host: '127.0.0.1', port: server.port, database: 'postgres'}
  const release = await takeLock({target, place: join(place.folder, 'history')})
  try {
    expect(await start()).toEqual({code: 0, stdout: '', stderr: ''})
  } finally {
    await release()
  }
})

test.skipIf(!hasCurl)('trouble is printed, and posted to the URL of the file', async () => {
  const posts: string[] = []
  const listener = createServer(async (request, response) => {
    let body = ''
    for await (const chunk of request) body += chunk
    posts.push(`${request.method} ${request.url} ${body}`)
    response.end()
  }).listen(0, '127.0.0.1')
  await once(listener, 'listening')
  const webhookFile = join(dirname(place.folder), 'webhook')
  await writeFile(webhookFile, `http://127.0.0.1:${(listener.address() as AddressInfo).port}/hook?a=b&c\n`)
  await place.password('wrong')
  try {
    const {stdout, stderr} = await start({'webhook-file': webhookFile})
    expect(stdout).toMatch(/^ahsp-db ended with exit code 3\nerror\[AUTH\]: .*\n$/)
    expect(stderr).toBe('')
    expect(posts).toEqual([
      expect.stringMatching(/^POST \/hook\?a=b&c \{"text":"ahsp-db on \S+ ended with exit code 3"\}$/),
    ])
  } finally {
    listener.close()
    await place.password('of a test')
  }
})
