import {once} from 'node:events'
import net from 'node:net'
import tls from 'node:tls'
import {type ConnectionSettings, type Host, isSocketPath, socketFile} from './settings.js'
import {type Encryption, tlsOptions} from './tls.js'

/** Something other than PostgreSQL answered, or it answered nothing. */
export class StreamError extends Error {
  constructor(
    readonly kind: 'dropped' | 'protocol' | 'no-tls' | 'handshake',
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options)
  }
}

const SSL_REQUEST = Buffer.from([0, 0, 0, 8, 4, 210, 22, 47])

/**
 * Dials and, for 'tls', negotiates encryption. With `plainIfRefused` a server without TLS is used as it is.
 * Our own and not node-postgres's, which cannot fall back, mixes up the reasons and has no deadline in between.
 */
export async function openStream(
  host: Host,
  settings: ConnectionSettings,
  encryption: Encryption,
  signal: AbortSignal,
  plainIfRefused = false,
): Promise<net.Socket> {
  const options = encryption === 'tls' ? await tlsOptions(settings, host) : undefined
  signal.throwIfAborted()
  const socket = net.connect(address(host))
  destroyOnAbort(socket, signal)
  await once(socket, 'connect')
  if (!options) return socket
  if (settings.sslnegotiation === 'postgres') {
    socket.write(SSL_REQUEST)
    const answer = await firstBytes(socket)
    if (answer === 'N' && plainIfRefused) return socket
    if (answer !== 'S') throw refusal(socket, answer)
  }
  return handshake(socket, options, signal)
}

function address({host, hostaddr, port}: Host): net.NetConnectOpts {
  if (!hostaddr && isSocketPath(host)) return {path: socketFile(host, port).replace(/^@/, '\0')}
  // A name with several addresses: the runtime's default of 250 ms for each is too short for a far server.
  return {host: hostaddr ?? host, port, autoSelectFamilyAttemptTimeout: 1500}
}

function destroyOnAbort(socket: net.Socket, signal: AbortSignal) {
  const abort = () => socket.destroy(signal.reason as Error)
  signal.addEventListener('abort', abort, {once: true})
  socket.once('close', () => signal.removeEventListener('abort', abort))
  // An error between two listeners of ours must not end the process; it is seen as the end of the stream.
  socket.on('error', () => {})
}

function firstBytes(socket: net.Socket): Promise<string> {
  return new Promise((resolve, reject) => {
    socket.once('data', data => resolve(data.toString('latin1')))
    socket.once('error', reject)
    socket.once('close', () => reject(new StreamError('dropped', 'closed before it answered')))
  })
}

function refusal(socket: net.Socket, answer: string): StreamError {
  socket.destroy()
  if (answer === 'N') return new StreamError('no-tls', 'the server does not support TLS')
  // More than the one byte could have been put in by somebody in between, before encryption began.
  return new StreamError('protocol', answer[0] === 'E' ? answer.slice(1) : 'unexpected answer to the request for TLS')
}

async function handshake(socket: net.Socket, options: tls.ConnectionOptions, signal: AbortSignal) {
  let secure: tls.TLSSocket
  try {
    secure = tls.connect({...options, socket})
  } catch (error) {
    socket.destroy()
    throw new StreamError('handshake', (error as Error).message, {cause: error})
  }
  destroyOnAbort(secure, signal)
  try {
    await once(secure, 'secureConnect')
  } catch (error) {
    secure.destroy()
    throw new StreamError('handshake', (error as Error).message, {cause: error})
  }
  if (options.ALPNProtocols && secure.alpnProtocol !== 'postgresql') {
    secure.destroy()
    throw new StreamError('handshake', 'the server did not confirm the PostgreSQL protocol (ALPN)')
  }
  return secure
}
