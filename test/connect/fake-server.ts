import {once} from 'node:events'
import net from 'node:net'

export type FakeServer = {port: number; connections: number; close(): Promise<void>}

/** A listener on loopback that treats every connection as told: for the faults that no real server commits. */
export async function fakeServer(onConnection: (socket: net.Socket) => void): Promise<FakeServer> {
  const sockets = new Set<net.Socket>()
  const server = net.createServer(socket => {
    fake.connections++
    sockets.add(socket)
    socket.on('error', () => {})
    onConnection(socket)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const fake: FakeServer = {
    port: (server.address() as net.AddressInfo).port,
    connections: 0,
    async close() {
      for (const socket of sockets) socket.destroy()
      server.close()
      await once(server, 'close')
    },
  }
  return fake
}

/** A start-up packet as pairs; node-postgres sends it in one piece. */
export function decodeStartup(packet: Buffer): {version: number; parameters: Record<string, string>} {
  const words = packet
    .subarray(8, packet.length - 2)
    .toString()
    .split('\0')
  const parameters: Record<string, string> = {}
  for (let i = 0; i < words.length; i += 2) parameters[words[i]!] = words[i + 1]!
  return {version: packet.readInt32BE(4), parameters}
}

/** An ErrorResponse with the fields a pooler sends. */
export function errorResponse(sqlstate: string, message: string, routine?: string): Buffer {
  const fields = {S: 'FATAL', V: 'FATAL', C: sqlstate, M: message, ...(routine && {R: routine})}
  const body = Buffer.from(
    `${Object.entries(fields)
      .map(([code, text]) => `${code}${text}\0`)
      .join('')}\0`,
  )
  const head = Buffer.from('E\0\0\0\0')
  head.writeInt32BE(body.length + 4, 1)
  return Buffer.concat([head, body])
}
