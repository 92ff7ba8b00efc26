import {once} from 'node:events'
import net from 'node:net'
import {decodeStartup} from './fake-server.js'

export type WireTap = {
  port: number
  /** what each client that has come so far sent: its start-up parameters, then the types of its messages */
  sessions: () => {startup: Record<string, string>; messages: string}[]
  close: () => Promise<void>
}

/** Passes loopback connections on to `port` and keeps what the clients say. They must not encrypt. */
export async function wireTap(port: number): Promise<WireTap> {
  const heard: Buffer[][] = []
  const sockets = new Set<net.Socket>()
  const server = net.createServer(client => {
    const chunks: Buffer[] = []
    heard.push(chunks)
    const upstream = net.connect(port, '127.0.0.1')
    for (const socket of [client, upstream]) sockets.add(socket.on('error', () => {}))
    client.on('data', chunk => chunks.push(chunk as Buffer))
    client.pipe(upstream).pipe(client)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: (server.address() as net.AddressInfo).port,
    sessions: () => heard.map(chunks => decode(Buffer.concat(chunks))),
    async close() {
      for (const socket of sockets) socket.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}

function decode(sent: Buffer) {
  const startupLength = sent.readInt32BE(0)
  let messages = ''
  for (let at = startupLength; at < sent.length; at += 1 + sent.readInt32BE(at + 1))
    messages += String.fromCharCode(sent[at]!)
  return {startup: decodeStartup(sent.subarray(0, startupLength)).parameters, messages}
}
