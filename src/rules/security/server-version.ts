import {type ReleaseState, releaseState, releasesAge, releasesAsOf} from '../../derive/releases.js'
import {defineRule, type FindingDraft, type FixRequest} from '../../rule.js'
import type {Server} from '../../snapshot.js'
import {date, seconds} from '../../units.js'

const DAY = 86_400
const POLICY = 'https://www.postgresql.org/support/versioning/'
export default defineRule({
  id: 'security/server-version',
  title: 'The server misses published corrections',
  category: 'security',
  needs: ['server'],
  options: {
    minorsBehind: {default: 1, unit: 'count', help: 'low from this many missing minor releases on'},
    longBehind: {default: 365 * DAY, unit: 'seconds', help: 'medium when the first missing one is this old'},
    endsWithin: {default: 180 * DAY, unit: 'seconds', help: 'info when support of the major ends within this time'},
    dataAge: {default: 365 * DAY, unit: 'seconds', help: 'say that the list of releases is old from this age on'},
  },
  severity: {
    medium: 'the major gets no corrections any more, or a year of them is missing: known holes stay open',
    low: 'a minor release is missing: an hour of work and one restart',
    info: 'support of the major ends soon: an upgrade needs months of planning',
  },
  why:
    'Minor releases hold nothing but corrections, security holes and data loss among them, and are installed by a ' +
    'restart. Five years after its first release a major gets none any more.',
  references: [POLICY, 'https://www.postgresql.org/docs/release/'],
  peers: ['SP', 'PD', 'CA', 'PC'],
  check({server}, options) {
    const state = releaseState(server.versionNum)
    const age = releasesAge(server.now)
    const isOld = age >= options.dataAge
    const newest = state.newest ? `${state.major}.${state.newest.minor}` : 'unknown'
    const summary =
      `PostgreSQL ${server.version}; newest known of this major is ${newest}, as of ${releasesAsOf}` +
      (isOld ? ` (that list is ${seconds(age)} old)` : '')
    if (!state.newest) return {cannotJudge: `${summary}: this tool does not know PostgreSQL ${state.major}`}
    const warning = `the list of PostgreSQL releases is of ${releasesAsOf}: newer ones are unknown, update ahsp-db`
    return {
      summary,
      findings: [...minor(server, state, options), ...major(server, state, options)],
      ...(isOld ? {warning} : {}),
    }
  },
})

type Limits = {minorsBehind: number; longBehind: number; endsWithin: number}

function minor(server: Server, state: ReleaseState, limits: Limits): FindingDraft[] {
  const {major, behind, behindSince, newest} = state
  if (behind < limits.minorsBehind || behindSince === null || !newest) return []
  const isLong = server.now - behindSince >= limits.longBehind
  return [
    {
      severity: isLong ? 'medium' : 'low',
      subject: 'server_version',
      title: `PostgreSQL ${major}.${state.minor} misses the corrections since ${date(behindSince)}, up to ${major}.${newest.minor}`,
      detail:
        'Which of them concern you, the release notes tell. Packagers that keep the number and patch are not seen.',
      evidence: [
        {label: 'server version', value: server.version, source: 'server_version'},
        {label: 'newer minor releases', value: behind, unit: 'count', source: `releases as of ${releasesAsOf}`},
        {label: 'newest known', value: `${major}.${newest.minor} of ${date(newest.at)}`, source: POLICY},
      ],
      confidence: 'measured',
      fixes: [update(server, major)],
    },
  ]
}

function major(server: Server, {major: version, endOfLife}: ReleaseState, limits: Limits): FindingDraft[] {
  if (endOfLife === null || server.now < endOfLife - limits.endsWithin) return []
  const isOver = server.now >= endOfLife
  const last = date(endOfLife - DAY)
  return [
    {
      severity: isOver ? 'medium' : 'info',
      subject: 'server_version_num',
      title: isOver
        ? `PostgreSQL ${version} is out of support since ${last}`
        : `PostgreSQL ${version} gets corrections until ${last} only`,
      detail: 'Platforms that sell longer support are not seen from here.',
      evidence: [
        {label: 'server version', value: server.version, source: 'server_version'},
        {label: 'end of support', value: last, source: POLICY},
      ],
      confidence: 'measured',
      fixes: [upgrade(version)],
    },
  ]
}

function update({build, platformEvidence}: Server, major: number): FixRequest {
  const isDebian = /debian|ubuntu/i.test(build) && platformEvidence.length === 0
  const apt = {
    text: 'Install it; the package restarts the server',
    language: 'sh' as const,
    lines: ['sudo apt-get update', `sudo apt-get install --only-upgrade postgresql-${major}`],
  }
  const other =
    platformEvidence.length > 0
      ? "Choose the newer version in the platform's console, for its next maintenance window"
      : 'Install it the way this server was installed (package, image, installer), then restart the server'
  return {
    kind: 'action',
    title: 'Install the newest minor release',
    steps: ['Read the release notes from yours on: some ask for a REINDEX', isDebian ? apt : other],
    note: 'No dump and no pg_upgrade: the data directory stays. Standbys first.',
  }
}

const upgrade = (version: number): FixRequest => ({
  kind: 'action',
  title: 'Plan the upgrade to a newer major',
  steps: [
    `Try the application against the new major, on a copy of the data (pg_upgrade --check says what is in the way)`,
    'pg_upgrade --link takes minutes; logical replication seconds. Then ANALYZE everything: before 18 statistics are not taken along',
  ],
  note: `PostgreSQL ${version} itself goes on working: the risk is in holes that nobody closes any more.`,
})
