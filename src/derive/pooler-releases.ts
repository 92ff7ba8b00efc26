import known from '../data/pgbouncer.json' with {type: 'json'}
import type {Pooler} from '../snapshot.js'
import {poolerNumber, poolerSetting} from './pooler.js'
import {listOf} from './pooler-settings.js'

export const {asOf, newest} = known

/** Who can use a hole: anybody who reaches the port, a user with a password, who sits on the way, or a bad server. */
export type Hole = {id: string; fixedIn: string; by: string; what: string}

const numberOf = (version: string): number => {
  const [major = 0, minor = 0, patch = 0] = version.split('.').map(Number)
  return major * 10_000 + minor * 100 + patch
}

/** The list is older than this release. */
export const isNewerThanList = ({versionNum}: Pooler): boolean => versionNum > numberOf(newest)

/** Known holes of this release that its configuration leaves open, by who can use them. */
export function holesOf(pooler: Pooler): Hole[] {
  const rank = ({by}: Hole) => ['anybody', 'user', 'network', 'server'].indexOf(by)
  return known.holes
    .filter(({fixedIn, from}) => pooler.versionNum < numberOf(fixedIn) && pooler.versionNum >= numberOf(from ?? '0'))
    .filter(({needs}) => needs === null || (NEEDS[needs]?.(pooler) ?? true))
    .filter(({id}) => !(id === PATCHED && isPatched(pooler)))
    .map(({id, fixedIn, by, what}) => ({id, fixedIn, by, what}))
    .sort((a, b) => rank(a) - rank(b) || numberOf(b.fixedIn) - numberOf(a.fixedIn) || a.id.localeCompare(b.id))
}

const authType = (pooler: Pooler): string => poolerSetting(pooler, 'auth_type') ?? ''

/** What must be set for a hole to be open. md5 turns to SCRAM for whom it finds such a secret. */
const NEEDS: Record<string, (pooler: Pooler) => boolean> = {
  cert: pooler => /^(cert|hba)$/.test(authType(pooler)),
  scram: pooler => /^(scram-sha-256|md5|hba)$/.test(authType(pooler)),
  // A line of [databases] may have an auth_user of its own, which the console does not show.
  auth_query: pooler => !/^(trust|any|cert)$/.test(authType(pooler)),
  max_packet_size: pooler => (poolerNumber(pooler, 'max_packet_size') ?? 0) > 2 ** 31,
  ignore_startup_parameters: pooler => {
    const ignored = listOf(pooler, 'ignore_startup_parameters')
    return ignored.length > 0 && !ignored.includes('options')
  },
}

const PATCHED = 'CVE-2025-2291'

/** Its correction is a new default of auth_query, which packagers have given to older releases: the one thing to see. */
export const isPatched = (pooler: Pooler): boolean =>
  pooler.versionNum < numberOf('1.24.1') && /valuntil|rolvaliduntil/i.test(poolerSetting(pooler, 'auth_query') ?? '')
