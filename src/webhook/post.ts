import {setTimeout as sleep} from 'node:timers/promises'
import {CliError, EXIT, usageError} from '../errors.js'

export type PostOptions = {
  /** ends it, also between the attempts */
  signal?: AbortSignal
  /** for all attempts together */
  totalMs?: number
  /** the answer to one attempt must have come */
  attemptMs?: number
  /** before the second attempt; before the third three times as long */
  pauseMs?: number
}

const ATTEMPTS = 3
const TOTAL_MS = 30_000
const ATTEMPT_MS = 10_000
const PAUSE_MS = 1000

type Answer = {ok: true} | {ok: false; reason: string; isFinal: boolean; waitMs?: number}

/** The address of a webhook. It is a secret whole: errors say nothing of it. Throws usage errors (exit 2). */
export function webhookUrl(text: string): URL {
  const hint = 'give the whole address, e.g. https://hooks.example.com/services/...'
  const url = URL.canParse(text) ? new URL(text) : null
  if (!url) throw usageError('the webhook is no URL', hint)
  if (url.protocol !== 'https:' && url.protocol !== 'http:') throw usageError('the webhook is no http(s) URL', hint)
  // fetch refuses them with an error that shows them.
  if (url.username || url.password) throw usageError('the webhook holds a user or password', 'leave them out')
  return url
}

/**
 * Posts `body` (JSON). Tries three times when it was not taken for now (network, 408, 429, 5xx), within 30
 * seconds; follows no redirect. Throws CliError (exit 6); of the address it names the host alone.
 */
export async function post(url: URL, body: string, options: PostOptions = {}): Promise<void> {
  const {totalMs = TOTAL_MS, pauseMs = PAUSE_MS} = options
  const end = performance.now() + totalMs
  let answer: Answer = {ok: false, reason: 'there was no time', isFinal: true}
  let attempts = 0
  while (attempts < ATTEMPTS) {
    answer = await attempt(
      url,
      body,
      Math.min(options.attemptMs ?? ATTEMPT_MS, end - performance.now()),
      options.signal,
    )
    attempts++
    if (answer.ok) return
    const waitMs = answer.waitMs ?? pauseMs * 3 ** (attempts - 1)
    const isLate = performance.now() + waitMs >= end
    if (answer.isFinal || attempts === ATTEMPTS || isLate || options.signal?.aborted) break
    await sleep(waitMs, undefined, {signal: options.signal}).catch(() => {})
  }
  throw notTaken(url, answer.ok ? '' : answer.reason, attempts)
}

async function attempt(url: URL, body: string, timeoutMs: number, signal: AbortSignal | undefined): Promise<Answer> {
  const ending = new AbortController()
  const interrupt = () => ending.abort()
  // Not AbortSignal.any: the first releases of Node 20 lack it.
  const timer = setTimeout(() => ending.abort(new DOMException('no answer', 'TimeoutError')), Math.max(1, timeoutMs))
  signal?.addEventListener('abort', interrupt)
  if (signal?.aborted) interrupt()
  try {
    const response = await fetch(url, {
      method: 'POST',
      body,
      headers: {'content-type': 'application/json; charset=utf-8', 'user-agent': 'ahsp-db'},
      // Where it leads is not what the user named.
      redirect: 'manual',
      signal: ending.signal,
    })
    // The answer's text is not needed, but its connection must not stay open.
    await response.body?.cancel()
    return answerOf(response)
  } catch (error) {
    if (signal?.aborted) return {ok: false, reason: 'interrupted', isFinal: true}
    return {ok: false, reason: reasonOf(error), isFinal: false}
  } finally {
    clearTimeout(timer)
    signal?.removeEventListener('abort', interrupt)
  }
}

function answerOf({status, headers}: Response): Answer {
  if (status >= 200 && status < 300) return {ok: true}
  if (status >= 300 && status < 400) return {ok: false, reason: `a redirect (HTTP ${status})`, isFinal: true}
  const isForNow = status === 408 || status === 429 || status >= 500
  return {ok: false, reason: `HTTP ${status}`, isFinal: !isForNow, waitMs: retryAfter(headers.get('retry-after'))}
}

/** Seconds, or a date by the clock of the other side. */
function retryAfter(value: string | null): number | undefined {
  if (!value) return undefined
  const ms = /^\d+$/.test(value.trim()) ? Number(value) * 1000 : Date.parse(value) - Date.now()
  return Number.isFinite(ms) ? Math.max(0, ms) : undefined
}

/** The code alone: messages of the network carry addresses. */
function reasonOf(error: unknown): string {
  const {name, cause} = error as Error
  if (name === 'TimeoutError') return 'no answer in time'
  const code = (cause as NodeJS.ErrnoException | undefined)?.code
  return typeof code === 'string' && /^[A-Z0-9_]+$/.test(code) ? code : 'the network failed'
}

function notTaken({host}: URL, reason: string, attempts: number): CliError {
  const times = attempts === 1 ? '1 attempt' : `${attempts} attempts`
  const message = `the webhook at ${host} did not take the summary: ${reason} (${times})`
  return new CliError('WEBHOOK', EXIT.output, message, 'check its address, and whether it can be reached from here')
}
