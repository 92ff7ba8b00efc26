import {defineRule, type FindingDraft} from '../../rule.js'
import type {Role} from '../../snapshot.js'
import {quoteIdent, quoteLiteral} from '../../sql/quote.js'
import {date, number, seconds} from '../../units.js'

const DAY = 86_400

export default defineRule({
  id: 'security/password-expiry',
  title: 'Passwords that expire soon, or never among others that do',
  category: 'security',
  needs: ['server', 'roles'],
  options: {
    warnBefore: {default: 14 * DAY, unit: 'seconds', help: 'name a password that expires within this time'},
    validFor: {default: 90 * DAY, unit: 'seconds', help: 'how long the new date lies ahead'},
    policyRoles: {default: 1, unit: 'count', help: 'info only where so many roles have a date: there is a policy'},
  },
  severity: {
    high: 'a role that is connected now cannot log in again after that date: its application stops with the next restart',
    low: 'a role that is not connected now expires soon',
    info: 'some roles have a date and others have none: an exception from the rule, or forgotten',
  },
  why:
    'VALID UNTIL refuses the login by password from that second on, while open sessions go on: the outage comes with the ' +
    'next restart or deployment. Where nobody uses it, its absence is no fault: changing a password beats dating it.',
  references: ['https://www.postgresql.org/docs/current/sql-createrole.html'],
  peers: ['PE', 'PW'],
  check({server, roles}, options) {
    const logins = roles.filter(({canLogin}) => canLogin)
    const dated = logins.filter(({validUntil}) => validUntil !== null)
    const soon = dated.filter(({validUntil, connections}) => {
      const left = validUntil! - server.now
      // Long expired and unused: locked out on purpose.
      return left < options.warnBefore && (left > 0 || connections > 0)
    })
    const never = logins.filter(({validUntil, isSuperuser}) => validUntil === null && !isSuperuser)
    const hasPolicy = dated.length >= options.policyRoles
    const until = date(server.now + options.validFor)
    return {
      summary: `${number(dated.length)} of ${number(logins.length)} roles that log in have VALID UNTIL, ${soon.length || 'none'} within ${seconds(options.warnBefore)}`,
      findings: [
        ...soon.map(role => expiring(role, server.now, until)),
        ...(hasPolicy && never.length > 0 ? [without(never, dated.length, until)] : []),
      ],
    }
  },
})

const alter = (name: string, until: string) => `ALTER ROLE ${quoteIdent(name)} VALID UNTIL ${quoteLiteral(until)}`

function expiring({name, validUntil, connections}: Role, now: number, until: string): FindingDraft {
  const left = validUntil! - now
  const when = left > 0 ? `expires on ${date(validUntil!)}` : `expired on ${date(validUntil!)}`
  return {
    severity: connections > 0 ? 'high' : 'low',
    subject: `role ${quoteIdent(name)}`,
    title: `The password of ${quoteIdent(name)} ${when}, and it has ${number(connections)} sessions`,
    detail:
      'Open sessions stay, new logins by password are refused. Logins by certificate, peer, LDAP or trust do not ask ' +
      'for it; which way this role comes is not seen from here.',
    evidence: [
      {label: 'VALID UNTIL', value: new Date(validUntil! * 1000).toISOString(), source: 'pg_roles'},
      {label: 'time left', value: Math.max(0, left), unit: 'seconds', source: "the server's clock"},
      {label: 'sessions', value: connections, unit: 'count', source: 'pg_stat_activity'},
    ],
    confidence: 'estimated',
    fixes: [
      {
        kind: 'sql',
        title: `Give ${quoteIdent(name)} a new date (and a new password: \\password in psql)`,
        statements: [alter(name, until)],
        undo: [alter(name, new Date(validUntil! * 1000).toISOString())],
        lock: 'none; logins see it at once',
        note: 'Change the password in the application at the same time, and put the new date into a calendar.',
      },
    ],
  }
}

function without(never: Role[], dated: number, until: string): FindingDraft {
  const names = never.map(({name}) => quoteIdent(name))
  return {
    severity: 'info',
    subject: 'roles without VALID UNTIL',
    title: `${number(never.length)} roles have no VALID UNTIL, ${number(dated)} have one`,
    detail: `Without a date: ${names.slice(0, 10).join(', ')}${names.length > 10 ? `, and ${names.length - 10} more` : ''}.`,
    evidence: [{label: 'roles without a date', value: never.length, unit: 'count', source: 'pg_roles'}],
    confidence: 'measured',
    fixes: [
      {
        kind: 'sql',
        title: 'Give them a date too',
        statements: never.map(({name}) => alter(name, until)),
        undo: never.map(({name}) => alter(name, 'infinity')),
        lock: 'none; logins see it at once',
        note: 'A forgotten date is an outage. Where no rule asks for dates, take them from the other roles instead.',
      },
    ],
  }
}
