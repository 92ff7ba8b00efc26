import {createServer, type IncomingMessage, type Server, type ServerResponse} from 'node:http'
import type {AddressInfo} from 'node:net'
import {afterEach, describe, expect, it} from 'vitest'
import {CliError} from '../../src/errors.js'
import {post, webhookUrl} from '../../src/webhook/post.js'

type Handler = (request: IncomingMessage, response: ServerResponse, attempt: number) => void

let server: Server | undefined
const bodies: string[] = []

/** A real server; the address holds a secret. */
async function listen(handler: Handler): Promise<URL> {
  bodies.length = 0
  server = createServer((request, response) => {
    let body = ''
    request.setEncoding('utf8').on('data', chunk => {
      body += chunk
    })
    request.on('end', () => {
      bodies.push(body)
      handler(request, response, bodies.length)
    })
  })
  await new Promise<void>(resolve => server!.listen(0, '127.0.0.1', resolve))
  return new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/services/s3cret?token=s3cret`)
}

afterEach(() => {
  server?.closeAllConnections()
  server?.close()
})

const answer = (status: number, headers = {}): Handler => {
  return (_, response) => response.writeHead(status, headers).end('s3cret said back')
}

async function failureOf(work: Promise<void>): Promise<CliError> {
  const error = await work.then(
    () => null,
    thrown => thrown,
  )
  expect(error).toBeInstanceOf(CliError)
  expect(error.exit).toBe(6)
  expect(`${error.line} ${error.stack} ${error.cause}`).not.toContain('s3cret')
  return error
}

const quick = {pauseMs: 10, attemptMs: 2000}

describe('post', () => {
  it('sends JSON once when it is taken', async () => {
    let type: string | undefined
    const url = await listen((request, response) => {
      type = `${request.method} ${request.headers['content-type']}`
      response.end('ok')
    })
    await post(url, '{"text":"\u00e9"}', quick)
    expect(bodies).toEqual(['{"text":"\u00e9"}'])
    expect(type).toBe('POST application/json; charset=utf-8')
  })

  it('tries again when the server fails twice', async () => {
    const url = await listen((_, response, attempt) => response.writeHead(attempt < 3 ? 503 : 200).end())
    await post(url, '{}', quick)
    expect(bodies).toHaveLength(3)
  })

  it('tries again when the connection breaks', async () => {
    const url = await listen((request, response, attempt) => {
      if (attempt === 1) request.socket.destroy()
      else response.end()
    })
    await post(url, '{}', quick)
    expect(bodies).toHaveLength(2)
  })

  it('gives up after three attempts, naming the host alone', async () => {
    const url = await listen(answer(500))
    const {message} = await failureOf(post(url, '{}', quick))
    expect(message).toBe(`the webhook at ${url.host} did not take the summary: HTTP 500 (3 attempts)`)
    expect(bodies).toHaveLength(3)
  })

  it.each([400, 401, 404, 410])('does not repeat what is refused for good (%i)', async status => {
    const {message} = await failureOf(post(await listen(answer(status)), '{}', quick))
    expect(message).toContain(`HTTP ${status} (1 attempt)`)
    expect(bodies).toHaveLength(1)
  })

  it('waits as long as Retry-After says', async () => {
    const url = await listen((_, response, attempt) => {
      if (attempt === 1) response.writeHead(429, {'retry-after': '1'}).end()
      else response.end()
    })
    const start = performance.now()
    await post(url, '{}', quick)
    expect(performance.now() - start).toBeGreaterThan(900)
  })

  it('does not wait for a Retry-After beyond its time', async () => {
    const url = await listen(answer(429, {'retry-after': '3600'}))
    const {message} = await failureOf(post(url, '{}', quick))
    expect(message).toContain('HTTP 429 (1 attempt)')
  })

  it('does not wait for a server that hangs', async () => {
    const url = await listen(() => {})
    const start = performance.now()
    const {message} = await failureOf(post(url, '{}', {...quick, attemptMs: 100, totalMs: 1000}))
    expect(message).toContain('no answer in time (3 attempts)')
    expect(performance.now() - start).toBeLessThan(5000)
  })

  it('follows no redirect', async () => {
    let isFollowed = false
    const url = await listen((request, response) => {
      if (request.url === '/elsewhere') isFollowed = true
      response.writeHead(307, {location: '/elsewhere'}).end()
    })
    const {message} = await failureOf(post(url, '{}', quick))
    expect(message).toContain('a redirect (HTTP 307) (1 attempt)')
    expect(isFollowed).toBe(false)
  })

  it('says why nobody is there', async () => {
    const url = await listen(answer(200))
    await new Promise(resolve => server!.close(resolve))
    const {message} = await failureOf(post(url, '{}', quick))
    expect(message).toContain('ECONNREFUSED (3 attempts)')
  })

  it('ends with its signal, also between two attempts', async () => {
    const controller = new AbortController()
    const url = await listen((_, response) => {
      response.writeHead(503).end()
      setTimeout(() => controller.abort(), 50)
    })
    const start = performance.now()
    await failureOf(post(url, '{}', {pauseMs: 20_000, signal: controller.signal}))
    expect(performance.now() - start).toBeLessThan(5000)
    expect(bodies).toHaveLength(1)
  })
})

describe('webhookUrl', () => {
  it.each(['s3cret', 'ftp://h/s3cret', 'https://u:s3cret@h/', 'https://s3cret@h/', ''])(
    'refuses %j, not showing it',
    text => {
      const work = () => webhookUrl(text)
      expect(work).toThrow(expect.objectContaining({exit: 2}))
      expect(work).toThrow(expect.objectContaining({message: expect.not.stringContaining('s3cret')}))
    },
  )
})
