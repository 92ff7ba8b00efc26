import {CONSOLE_DATABASE, consoleSettings, openConsole} from '../../connect/pgbouncer.js'
import {type ConnectionSettings, placeOf} from '../../connect/settings.js'
import {type PoolerReader, poolerReader} from './reader.js'

type Place = {host: string; port: number}

/**
 * Starts to open the consoles, and waits for none. One that is named twice, or is the run's target already, is read
 * once: its pools would count twice. Throws CliError (exit 2) for what cannot be understood.
 */
export async function openConsoles(
  conninfos: readonly string[],
  env: NodeJS.ProcessEnv,
  target?: ConnectionSettings,
): Promise<PoolerReader[]> {
  const all = await Promise.all(conninfos.map(conninfo => consoleSettings(conninfo, env)))
  const known = new Set(target?.database === CONSOLE_DATABASE ? [placesOf(target)] : [])
  return all.flatMap(settings => {
    const places = placesOf(settings)
    if (known.has(places)) return []
    known.add(places)
    return [poolerReader(consoleName(settings.hosts[0]!), openConsole(settings))]
  })
}

const placesOf = ({hosts}: ConnectionSettings) => hosts.map(placeOf).join(', ')

/** How warnings name it. */
export const consoleName = (place: Place) => `PgBouncer at ${placeOf(place)}`
