import fs from 'node:fs/promises'
import path from 'node:path'
import {type EmbeddedServer, type ServerOptions, startServer} from '../src/embedded/server.js'

/** Lets a standby stream over loopback. */
export const HBA = ['local all all trust', 'host all all 127.0.0.1/32 trust', 'host replication all 127.0.0.1/32 trust']

/** Both begin as the same copy of a stopped server, so that one can stream from the other from the first byte on. */
export async function startPair(
  options: ServerOptions & {template: string},
): Promise<{primary: EmbeddedServer; standby: EmbeddedServer}> {
  const primary = await startServer({...options, hba: HBA})
  // The template is a standby for as long as it is copied.
  const signal = path.join(options.template, 'standby.signal')
  await fs.writeFile(signal, '')
  try {
    const from = `host=127.0.0.1 port=${primary.port} user=postgres application_name=replica`
    const standby = await startServer({...options, settings: {...options.settings, primary_conninfo: from}})
    return {primary, standby}
  } catch (error) {
    await primary.stop()
    throw error
  } finally {
    await fs.rm(signal)
  }
}
