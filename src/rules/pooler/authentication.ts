import {poolerName, poolerSetting} from '../../derive/pooler.js'
import {fromConfig, notShown, openAddresses, requiresTls} from '../../derive/pooler-settings.js'
import {defineRule, type FindingDraft, type Severity} from '../../rule.js'
import type {Pooler} from '../../snapshot.js'

export default defineRule({
  id: 'pooler/authentication',
  title: 'The pooler lets clients in on too little',
  category: 'pooler',
  asksFor: 'pooler',
  needs: ['poolers'],
  options: {},
  severity: {
    high: 'no password, or one in the clear, and other machines can connect: whoever reaches the port is the application',
    medium: 'any user name is an administrator of the console, or md5 on an open port without TLS',
    low: 'the same where only this machine can connect; md5, which PostgreSQL is giving up',
  },
  why:
    'PgBouncer logs in to the server on behalf of its clients, so what it lets in is in the database. ' +
    'The rules of pg_hba.conf see only PgBouncer, and protect nothing behind it.',
  references: ['https://www.pgbouncer.org/config.html#auth_type'],
  check({poolers}) {
    const known = poolers.filter(pooler => poolerSetting(pooler, 'auth_type') !== null)
    if (known.length === 0) return notShown('auth_type', poolers)
    const readable = known.filter(pooler => typeOf(pooler) !== 'hba')
    if (readable.length === 0) {
      return {
        cannotJudge: 'auth_type = hba: the console does not show the lines of auth_hba_file',
        cure: 'read that file: no trust and no password for addresses of other machines',
      }
    }
    const about = (pooler: Pooler) =>
      `auth_type = ${typeOf(pooler)} at ${poolerName(pooler)}${typeOf(pooler) === 'hba' ? ' (its file is not shown)' : ''}`
    return {summary: known.map(about).join(', '), findings: readable.flatMap(judge)}
  },
})

const typeOf = (pooler: Pooler): string => (poolerSetting(pooler, 'auth_type') ?? '').toLowerCase()

function judge(pooler: Pooler): FindingDraft[] {
  const severity = severityOf(pooler)
  if (severity === null) return []
  const open = openAddresses(pooler)
  const type = typeOf(pooler)
  const who = open.length > 0 ? `whoever reaches ${open.join(', ')}` : 'whoever is on this machine'
  return [
    {
      severity,
      subject: poolerName(pooler),
      title: `${TITLES[type]}: ${who} (auth_type = ${type})`,
      detail:
        open.length > 0
          ? 'Whether a firewall stands before it is not seen from here.'
          : 'Only this machine can connect, so it takes an account on it, or a hole in one of its services.',
      evidence: [
        fromConfig(pooler, 'auth_type'),
        fromConfig(pooler, 'listen_addr'),
        fromConfig(pooler, 'client_tls_sslmode'),
      ],
      confidence: 'measured',
      fixes: [
        {
          kind: 'pooler',
          pooler,
          name: 'auth_type',
          to: 'scram-sha-256',
          risk: 'review',
          note:
            'First make sure that auth_file (or auth_query) has a SCRAM secret or a plain password for every user: ' +
            'md5 hashes and empty passwords are refused then. SELECT rolname, rolpassword FROM pg_authid shows the secrets.',
        },
      ],
    },
  ]
}

const TITLES: Record<string, string> = {
  any: 'No password and any user name will do',
  trust: 'No password is asked for',
  plain: 'Passwords are sent in the clear',
  md5: 'Passwords are checked by md5',
}

function severityOf(pooler: Pooler): Severity | null {
  const isOpen = openAddresses(pooler).length > 0
  const isEncrypted = requiresTls(pooler)
  switch (typeOf(pooler)) {
    case 'any':
      return isOpen ? 'high' : 'medium'
    case 'trust':
      return isOpen ? 'high' : 'low'
    case 'plain':
      return isOpen && !isEncrypted ? 'high' : 'low'
    case 'md5':
      return isOpen && !isEncrypted ? 'medium' : 'low'
    default:
      return null
  }
}
