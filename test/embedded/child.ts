/** Run as a process of its own: starts a server, says where, and stays until it is ended. */
import {startServer} from '../../src/embedded/server.js'

const server = await startServer({binDir: process.argv[2] || undefined})
console.log(JSON.stringify({url: server.url(), dataDir: server.dataDir, binDir: server.binDir}))
setInterval(() => {}, 60_000)
