import {execFileSync} from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'

export type Certificates = {folder: string; file(name: string): string; remove(): void}

export function hasOpenssl(): boolean {
  try {
    execFileSync('openssl', ['version'], {stdio: 'ignore'})
    return true
  } catch {
    return false
  }
}

/** ca, other-ca, and two leaves signed by ca: `server` (for the name db.test only) and `client` (for role cert). */
export function makeCertificates(): Certificates {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'certificates-'))
  const file = (name: string) => path.join(folder, name)
  const openssl = (...args: string[]) => execFileSync('openssl', args, {cwd: folder, stdio: 'pipe'})
  const key = ['-newkey', 'rsa:2048', '-nodes']
  for (const ca of ['ca', 'other-ca']) {
    openssl('req', '-x509', '-days', '2', ...key, '-subj', `/CN=${ca}`, '-keyout', `${ca}.key`, '-out', `${ca}.crt`)
  }
  const leaf = (name: string, subject: string, extension: string) => {
    fs.writeFileSync(file(`${name}.ext`), extension)
    openssl('req', ...key, '-subj', subject, '-keyout', `${name}.key`, '-out', `${name}.csr`)
    const signing = ['-CA', 'ca.crt', '-CAkey', 'ca.key', '-CAcreateserial', '-days', '2', '-extfile', `${name}.ext`]
    openssl('x509', '-req', '-in', `${name}.csr`, ...signing, '-out', `${name}.crt`)
    fs.chmodSync(file(`${name}.key`), 0o600)
  }
  leaf('server', '/CN=db.test', 'subjectAltName=DNS:db.test')
  leaf('client', '/CN=cert', 'extendedKeyUsage=clientAuth')
  openssl('rsa', '-aes256', '-passout', 'pass:hunter2', '-in', 'client.key', '-out', 'locked.key')
  fs.chmodSync(file('locked.key'), 0o600)
  return {folder, file, remove: () => fs.rmSync(folder, {recursive: true})}
}
