import {hbaLine, linesWith, useScram} from '../../derive/hba.js'
import type {Reach} from '../../derive/network.js'
import {setting} from '../../derive/settings.js'
import {defineRule, type FindingDraft, type Severity} from '../../rule.js'
import type {HbaRule} from '../../snapshot.js'
import {number} from '../../units.js'

export default defineRule({
  id: 'security/authentication',
  title: 'Clients log in without a password, or with one that is easily stolen',
  category: 'security',
  needs: ['settings'],
  uses: ['hbaRules'],
  settings: ['password_encryption', 'listen_addresses'],
  options: {
    shownLines: {default: 5, unit: 'count', help: 'lines of pg_hba.conf that are named; the others are counted'},
  },
  severity: {
    high: 'trust for addresses that anybody may have: whoever reaches the port is whoever they say they are',
    medium: 'trust in a private network, or passwords sent as they are over connections that need no TLS',
    low: 'the server does not listen there (yet), or new passwords are stored as MD5, which is easily guessed',
  },
  why:
    'pg_hba.conf decides who has to prove who they are. A line with trust, left over from a first set-up, lets everybody ' +
    'who reaches the port log in as any role, superusers included.',
  references: ['https://www.postgresql.org/docs/current/auth-pg-hba-conf.html'],
  peers: ['DX', 'PE', 'PW'],
  check({settings, hbaRules}, options) {
    const encryption = setting(settings, 'password_encryption').value
    const md5 = encryption === 'md5' || encryption === 'on' ? [md5Finding(encryption)] : []
    if (!hbaRules.ok && md5.length === 0) {
      return {cannotJudge: `pg_hba.conf: ${hbaRules.message}`, ...(hbaRules.grant ? {cure: hbaRules.grant} : {})}
    }
    const rules = hbaRules.ok ? hbaRules.data : []
    const listens = !/^\s*(localhost|127\.[\d.]+|::1)?\s*(,\s*(localhost|127\.[\d.]+|::1)\s*)*$/.test(
      setting(settings, 'listen_addresses').value,
    )
    // On this very machine trust is what development set-ups and container images come with.
    const trust = linesWith(rules, 'trust').filter(({reach}) => reach !== 'local')
    const clear = linesWith(rules, 'password').filter(({rule, reach}) => reach !== 'local' && rule.type !== 'hostssl')
    const seen = hbaRules.ok ? `${number(rules.length)} lines of pg_hba.conf` : 'pg_hba.conf is hidden'
    return {
      summary: `${seen}, ${trust.length || 'none'} with trust for other machines; password_encryption = ${encryption}`,
      findings: [
        ...(trust.length > 0 ? [draft('trust', trust, listens, options.shownLines)] : []),
        ...(clear.length > 0 ? [draft('password', clear, listens, options.shownLines)] : []),
        ...md5,
      ],
    }
  },
})

type Line = {rule: HbaRule; reach: Reach}

function draft(method: 'trust' | 'password', lines: Line[], listens: boolean, shown: number): FindingDraft {
  const isOpen = lines.some(({reach}) => reach === 'public')
  const severity: Severity = !listens ? 'low' : method === 'trust' && isOpen ? 'high' : 'medium'
  const who = isOpen ? 'from any address' : 'from a private network'
  const rules = lines.map(({rule}) => rule)
  const listed = rules.slice(0, shown).map(rule => ({
    label: `line ${rule.line}`,
    value: hbaLine(rule),
    source: 'pg_hba_file_rules',
  }))
  return {
    severity,
    subject: `pg_hba.conf: ${method}`,
    title:
      method === 'trust'
        ? `Clients ${who} log in without a password (trust)`
        : `Passwords ${who} travel as they are (password without TLS)`,
    detail: listens
      ? 'Not seen from here: firewalls that keep others away from the port. They do not make a role prove who it is.'
      : 'The server listens on loopback only, so nobody gets there now; the line waits for listen_addresses to change.',
    evidence: [...listed, {label: 'such lines', value: rules.length, unit: 'count', source: 'pg_hba_file_rules'}],
    confidence: 'measured',
    fixes: [
      {
        kind: 'action',
        title: 'Ask for a password there (scram-sha-256)',
        steps: useScram(rules),
        note:
          'First give every role that comes this way a password (\\password in psql) and its application that password: ' +
          'those without one cannot log in any more. Open sessions stay.',
      },
    ],
  }
}

const md5Finding = (value: string): FindingDraft => ({
  severity: 'low',
  subject: 'password_encryption',
  title: 'New passwords are stored as MD5',
  detail:
    'Whoever gets a copy of pg_authid (a backup is enough) can log in with the hash, and guess the password fast.',
  evidence: [{label: 'password_encryption', value, source: 'pg_settings'}],
  confidence: 'measured',
  fixes: [
    {
      kind: 'setting',
      name: 'password_encryption',
      to: 'scram-sha-256',
      note: 'Passwords change only when they are set anew; drivers older than 2018 may not know SCRAM.',
    },
  ],
})
