import fs from 'node:fs/promises'
import net from 'node:net'
import type tls from 'node:tls'
import {type ConnectionSettings, type Host, isSocketPath} from './settings.js'

export type Encryption = 'plain' | 'tls'

/** What to try, in libpq's order. Unix sockets are never encrypted, whatever sslmode says. */
export function encryptions({sslmode}: ConnectionSettings, {host, hostaddr}: Host): Encryption[] {
  if (!hostaddr && isSocketPath(host)) return ['plain']
  if (sslmode === 'disable') return ['plain']
  if (sslmode === 'allow') return ['plain', 'tls']
  return sslmode === 'prefer' ? ['tls', 'plain'] : ['tls']
}

/** A file or combination of TLS settings that cannot be used; the message says which. */
export class TlsSettingError extends Error {
  constructor(
    message: string,
    readonly hint: string,
  ) {
    super(message)
  }
}

/**
 * libpq's meaning: a root certificate, given or in ~/.postgresql, is always verified against; verify-ca and
 * verify-full insist on one, and only verify-full compares the host's name.
 */
export async function tlsOptions(settings: ConnectionSettings, {host}: Host): Promise<tls.ConnectionOptions> {
  const {sslmode, sslrootcert, sslcert, sslkey} = settings
  if (sslmode.startsWith('verify') && !sslrootcert) {
    throw new TlsSettingError(
      `sslmode=${sslmode} needs a root certificate, and neither sslrootcert nor ~/.postgresql/root.crt is there`,
      'give sslrootcert=FILE, or sslrootcert=system for the certificates of this machine',
    )
  }
  if (sslkey) await refuseOpenKey(sslkey)
  if (sslcert && !sslkey) throw new TlsSettingError(`${sslcert} has no private key`, 'give sslkey=FILE')
  return {
    host,
    ...(settings.sslsni && net.isIP(host) === 0 && {servername: host}),
    rejectUnauthorized: sslrootcert !== undefined,
    ...(sslmode !== 'verify-full' && {checkServerIdentity: () => undefined}),
    ca: sslrootcert === 'system' ? await systemRoots() : await read('sslrootcert', sslrootcert),
    cert: await read('sslcert', sslcert),
    key: await read('sslkey', sslkey),
    crl: await read('sslcrl', settings.sslcrl),
    passphrase: settings.sslpassword?.reveal(),
    minVersion: settings.sslMinVersion,
    maxVersion: settings.sslMaxVersion,
    ...(settings.sslnegotiation === 'direct' && {ALPNProtocols: ['postgresql']}),
  }
}

async function read(keyword: string, file: string | undefined): Promise<Buffer | undefined> {
  if (file === undefined) return undefined
  try {
    return await fs.readFile(file)
  } catch (error) {
    const {code} = error as NodeJS.ErrnoException
    throw new TlsSettingError(`the ${keyword} file ${file} cannot be read (${code})`, `correct ${keyword}`)
  }
}

async function refuseOpenKey(file: string) {
  if (process.platform === 'win32') return
  const stat = await fs.stat(file).catch(() => undefined)
  // A key of root may also be read by root's group, as libpq allows.
  const forbidden = stat?.uid === 0 ? 0o037 : 0o077
  if (stat && stat.mode & forbidden) {
    throw new TlsSettingError(`the private key ${file} may be read by others`, `chmod 600 ${file}`)
  }
}

const SYSTEM_BUNDLES = [
  '/etc/ssl/certs/ca-certificates.crt',
  '/etc/pki/tls/certs/ca-bundle.crt',
  '/etc/ssl/ca-bundle.pem',
  '/etc/ssl/cert.pem',
]

async function systemRoots(): Promise<Buffer | undefined> {
  const files = process.env.SSL_CERT_FILE ? [process.env.SSL_CERT_FILE] : SYSTEM_BUNDLES
  for (const file of files) {
    const bundle = await fs.readFile(file).catch(() => undefined)
    if (bundle) return bundle
  }
  // Without `ca` the runtime uses the roots it was built with.
  return undefined
}
