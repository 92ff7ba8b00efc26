import {once} from 'node:events'
import {GRACE_MS} from './session.js'
import type {ConnectionSettings, Host} from './settings.js'
import {openStream} from './stream.js'
import type {Encryption} from './tls.js'

const CANCEL_REQUEST = 80877102

/** Sends a cancel request, encrypted when the session is. Never throws; returns within 1 s. */
export async function requestCancel(
  host: Host,
  settings: ConnectionSettings,
  encryption: Encryption,
  pid: number,
  key: number,
) {
  const limit = new AbortController()
  const timer = setTimeout(() => limit.abort(new Error('no time left')), GRACE_MS)
  const packet = Buffer.alloc(16)
  for (const [index, word] of [16, CANCEL_REQUEST, pid, key].entries()) packet.writeInt32BE(word, index * 4)
  try {
    const stream = await openStream(host, settings, encryption, limit.signal)
    stream.resume().write(packet)
    // The server closes the stream when it has passed the request on; a pooler forgets it if we close first.
    if (!stream.destroyed) await once(stream, 'close')
  } catch {
    // The deadline of the statement itself will end it.
  } finally {
    clearTimeout(timer)
  }
}
