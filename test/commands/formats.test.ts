import {existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync} from 'node:fs'
import {createServer, type Server} from 'node:http'
import type {AddressInfo} from 'node:net'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {afterAll, beforeAll, describe, expect, it} from 'vitest'
import {type EmbeddedServer, startServer} from '../../src/embedded/server.js'
import {cliIn} from '../cli.js'
import {parseXml} from '../render/xml.js'

let server: EmbeddedServer
let folder: string
let cli: ReturnType<typeof cliIn>
let url: string
const read = (name: string) => readFileSync(join(folder, name), 'utf8')
/** Nobody listens there. */
const DOWN = 'host=127.0.0.1 port=1 user=u dbname=d password=hunter2'

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'ahsp-db-test-'))
  cli = cliIn(folder)
  server = await startServer({quick: true, settings: {max_connections: '30'}})
  url = server.url('postgres')
})

afterAll(async () => {
  await server?.stop()
  rmSync(folder, {recursive: true, force: true})
})

describe('several formats at once', () => {
  it('prints one and writes the others, each to its file', async () => {
    const formats = ['json=r.json', 'html=r.html', 'junit=r.xml', 'prometheus=r.prom', 'csv=r.csv', 'sarif=r.sarif']
    const flags = formats.flatMap(format => ['--format', format])
    const {code, stdout} = await cli(['check', url, '--users', '100', '--brief', ...flags])
    expect(code).toBe(1)
    expect(stdout).toMatch(/^NOT READY for 100 users/)
    expect(JSON.parse(read('r.json')).format).toBe('ahsp-db/report')
    expect(read('r.html')).toMatch(/^<!doctype html>/i)
    expect(parseXml(read('r.xml')).attributes.failures).toBe('1')
    expect(read('r.prom')).toMatch(/^ahsp_db_connections_max\{.*\} 30$/m)
    expect(read('r.csv').split('\r\n')[1]).toContain('"connections/exhaustion"')
    expect(JSON.parse(read('r.sarif')).runs).toHaveLength(1)
    // Another account collects the metrics; the rest is for whoever ran the check.
    expect(statSync(join(folder, 'r.prom')).mode & 0o044).toBe(0o044)
    expect(statSync(join(folder, 'r.json')).mode & 0o077).toBe(0)
  })

  it('prints nothing when only files are asked for', async () => {
    const {code, stdout, stderr} = await cli(['check', url, '--format', 'csv=only.csv'])
    expect({code, stdout, stderr}).toEqual({code: 0, stdout: '', stderr: ''})
    expect(read('only.csv')).toContain('"target"')
  })

  it('writes the others when one cannot be written, saves the run, and ends with 6', async () => {
    mkdirSync(join(folder, 'closed'))
    const formats = ['json=missing/r.json', 'csv=closed', 'jsonl=after.jsonl'].flatMap(format => ['-f', format])
    const {code, stdout, stderr} = await cli(['check', url, '--users', '100', '--save', '-b', ...formats])
    expect(code).toBe(6)
    expect(stderr).toMatch(/^error\[OUTPUT\]: cannot write missing\/r\.json \(ENOENT\)/)
    expect(stdout).toMatch(/^NOT READY/)
    expect(read('after.jsonl').trim().split('\n').at(-1)).toContain('"type":"verdict"')
    expect(existsSync(join(folder, '.ahsp-db', 'history'))).toBe(true)
    expect(readdirSync(folder).filter(name => name.endsWith('.tmp'))).toEqual([])
  })

  it.each([
    [['json', 'csv'], 'two formats for one place: json and csv'],
    [['json=a', 'csv=a'], 'two formats for one file: a'],
    [['json='], '--format json=: the file is missing'],
    [['junt=x'], '--format must be one of'],
  ])('%j is a mistake that is told at once', async (formats, message) => {
    const {code, stderr} = await cli(['check', DOWN, ...formats.flatMap(format => ['-f', format])])
    expect(code).toBe(2)
    expect(stderr).toContain(message)
  })
})

describe('--format nagios', () => {
  it('ends as its plugins do', async () => {
    const critical = await cli(['check', url, '--users', '100', '--format', 'nagios'])
    expect(critical.stdout).toMatch(/^AHSP-DB CRITICAL - NOT READY for 100 users.*\|critical=0;;0;0 high=1;/)
    expect(critical.code).toBe(2)
    const warning = await cli(['check', url, '--format', 'nagios', '-f', 'json=besides.json'])
    expect(warning.stdout).toMatch(/^AHSP-DB WARNING/)
    expect(warning.code).toBe(1)
    const ok = await cli(['check', url, '--format', 'nagios', '--fail-on', 'high'])
    expect(ok.stdout).toMatch(/^AHSP-DB OK/)
    expect(ok.code).toBe(0)
  })

  it('is unknown when there is no report; the files say so, too', async () => {
    writeFileSync(join(folder, 'old.json'), 'old')
    const formats = ['nagios', 'prometheus=d.prom', 'junit=d.xml', 'jsonl=d.jsonl', 'json=old.json']
    const {code, stdout, stderr} = await cli(['check', DOWN, ...formats.flatMap(format => ['-f', format])])
    expect(code).toBe(3)
    expect(stdout).toBe('AHSP-DB UNKNOWN - nothing accepts connections at 127.0.0.1:1\n')
    expect(stderr).toMatch(/^error\[REFUSED\]/)
    expect(read('d.prom')).toContain('ahsp_db_up{target="127.0.0.1:1/d"} 0\n')
    expect(parseXml(read('d.xml')).attributes.errors).toBe('1')
    expect(JSON.parse(read('d.jsonl'))).toMatchObject({type: 'error', code: 'REFUSED'})
    expect(read('old.json')).toBe('old')
    expect(stdout + stderr + read('d.prom') + read('d.xml') + read('d.jsonl')).not.toContain('hunter2')
  })

  it('is unknown when the configuration is wrong, or what goes besides cannot be written', async () => {
    const mistake = await cli(['check', url, '--format', 'nagios', '--ram', 'much'])
    expect(mistake.code).toBe(3)
    expect(mistake.stdout).toMatch(/^AHSP-DB UNKNOWN - --ram/)
    const unwritten = await cli(['check', url, '--format', 'nagios', '--format', 'json=missing/x.json'])
    expect(unwritten.code).toBe(3)
    expect(unwritten.stderr).toMatch(/^error\[OUTPUT\]/)
  })
})

describe('report --webhook', () => {
  let hook: Server
  let address: string
  let status = 200
  const bodies: string[] = []

  beforeAll(async () => {
    hook = createServer((request, response) => {
      let body = ''
      request.on('data', chunk => {
        body += chunk
      })
      request.on('end', () => {
        bodies.push(body)
        response.writeHead(status).end()
      })
    })
    await new Promise<void>(resolve => hook.listen(0, '127.0.0.1', resolve))
    address = `http://127.0.0.1:${(hook.address() as AddressInfo).port}/s3cret`
  })

  afterAll(() => hook.close())

  it('sends the summary once the report is written; without the flag nothing', async () => {
    await cli(['report', url, '-o', 'none.html'])
    expect(bodies).toEqual([])
    const {code, stderr} = await cli(['report', url, '--users', '100', '-o', 'w.html', '--webhook', 'env:HOOK'], {
      HOOK: address,
    })
    expect({code, stderr}).toEqual({code: 1, stderr: ''})
    expect(bodies).toHaveLength(1)
    expect(JSON.parse(bodies[0]!).text).toMatch(/^postgres: NOT READY for 100 users/)
    expect(bodies[0]).not.toContain('127.0.0.1')
  })

  it('ends with 6 when it is not taken, with the report written and the address kept', async () => {
    status = 404
    const {code, stdout, stderr} = await cli(['report', url, '-o', 'kept.html', '--save', '--webhook', address])
    status = 200
    expect(code).toBe(6)
    expect(stderr).toMatch(/^error\[WEBHOOK\]: the webhook at 127\.0\.0\.1:\d+ did not take the summary: HTTP 404/)
    expect(stdout + stderr).not.toContain('s3cret')
    expect(read('kept.html')).toMatch(/^<!doctype html>/i)
  })

  it('says that there is no report', async () => {
    const {code} = await cli(['report', DOWN, '-o', 'no.html', '--webhook', address, '--webhook-format', 'generic'])
    expect(code).toBe(3)
    expect(JSON.parse(bodies.at(-1)!)).toMatchObject({target: 'd', headline: 'NO REPORT: REFUSED', ready: null})
    expect(existsSync(join(folder, 'no.html'))).toBe(false)
  })
})
