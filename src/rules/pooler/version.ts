import {poolerName} from '../../derive/pooler.js'
import {asOf, type Hole, holesOf, isNewerThanList, isPatched, newest} from '../../derive/pooler-releases.js'
import {openAddresses} from '../../derive/pooler-settings.js'
import {defineRule, type FindingDraft, type FixRequest, type Severity} from '../../rule.js'
import type {Pooler} from '../../snapshot.js'

const CHANGELOG = 'https://www.pgbouncer.org/changelog.html'

export default defineRule({
  id: 'pooler/version',
  title: 'This release of PgBouncer has known holes',
  category: 'pooler',
  asksFor: 'pooler',
  needs: ['poolers'],
  options: {
    corrected: {default: [], unit: 'names', help: 'CVE numbers that your package has corrected without a new number'},
  },
  severity: {
    high: 'other machines can connect, and no password is needed to use one of them',
    medium: 'only this machine can connect, or it takes a password, or the package shows corrections of its own',
    low: 'it takes a malicious server, or somebody on the way to it',
  },
  why:
    'All clients share one process of PgBouncer, so one packet that ends it ends every connection at once. ' +
    'Its releases are installed within minutes, and clients reconnect.',
  references: [CHANGELOG],
  check({poolers}, {corrected}) {
    return {
      summary: poolers
        .map(pooler => `${poolerName(pooler)} is PgBouncer ${pooler.version}`)
        .concat(
          poolers.some(isNewerThanList) ? [`newer than the list of holes of ${asOf}`] : [`holes known on ${asOf}`],
        )
        .join(', '),
      findings: poolers.flatMap(pooler => {
        const holes = holesOf(pooler).filter(({id}) => !corrected.includes(id))
        return holes.length === 0 ? [] : [finding(pooler, holes)]
      }),
    }
  },
})

function finding(pooler: Pooler, holes: Hole[]): FindingDraft {
  const count = holes.length === 1 ? 'a known hole' : `${holes.length} known holes`
  return {
    severity: severityOf(pooler, holes),
    subject: poolerName(pooler),
    title: `PgBouncer ${pooler.version} has ${count}, corrected up to ${newest}`,
    detail:
      'Judged by the number alone. Debian and others correct holes without a new one, and the console does not tell ' +
      (isPatched(pooler)
        ? 'which; this package shows such a correction (auth_query), so some of these may be closed, too. '
        : 'which. ') +
      "The package's changelog does; what it names goes into the option corrected.",
    evidence: [
      {label: 'version', value: pooler.version, source: 'SHOW VERSION'},
      ...holes.map(({id, what, fixedIn}) => ({label: id, value: what, source: `corrected in ${fixedIn}`})),
    ],
    confidence: 'estimated',
    fixes: [update],
  }
}

function severityOf(pooler: Pooler, holes: Hole[]): Severity {
  const by = new Set(holes.map(hole => hole.by))
  if (!by.has('anybody') && !by.has('user')) return 'low'
  return by.has('anybody') && openAddresses(pooler).length > 0 && !isPatched(pooler) ? 'high' : 'medium'
}

const update: FixRequest = {
  kind: 'action',
  title: 'Install the newest release',
  steps: [
    {
      text: 'On Debian and Ubuntu: what the package has corrected, and the newest that it offers',
      language: 'sh',
      lines: [
        'zgrep CVE /usr/share/doc/pgbouncer/changelog.Debian.gz',
        'sudo apt-get update',
        'sudo apt-get install --only-upgrade pgbouncer',
      ],
    },
    'Where that is an old one still: the packages of apt.postgresql.org or yum.postgresql.org',
  ],
  note: 'The restart cuts every client. Until then, let only the machines of the application reach the port.',
}
