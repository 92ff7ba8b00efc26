import {ADMIN_TOOLS, PLATFORM_ROLES} from '../../derive/admin-tools.js'
import {defineRule, type FindingDraft, type FixRequest} from '../../rule.js'
import type {Role, Session} from '../../snapshot.js'
import {quoteIdent} from '../../sql/quote.js'

export default defineRule({
  id: 'security/superuser-application',
  title: 'An application is connected as superuser',
  category: 'security',
  needs: ['roles', 'activity', 'server'],
  options: {
    minSessions: {default: 2, unit: 'count', help: 'a single session may be a person or a job'},
    tools: {
      default: ADMIN_TOOLS,
      unit: 'names',
      help: 'application names that begin like this are tools of administrators',
    },
    platformRoles: {
      default: PLATFORM_ROLES,
      unit: 'names',
      help: "superusers of managed platforms, whose sessions are the platform's own",
    },
  },
  severity: {medium: 'every flaw of the application (an SQL injection) gives away the whole server and its machine'},
  why:
    'A superuser passes every check: it reads all databases, changes passwords and runs programs on the machine. It also ' +
    'takes the connections that are kept for you when the server is full, and no limit of a role holds it back.',
  references: ['https://www.postgresql.org/docs/current/role-attributes.html'],
  peers: ['PE', 'PW'],
  check({roles, activity, server}, options) {
    const isTool = ({application}: Session) =>
      options.tools.some(tool => application.toLowerCase().startsWith(tool.toLowerCase()))
    const superusers = roles.filter(({isSuperuser, name}) => isSuperuser && !options.platformRoles.includes(name))
    const found = superusers
      .map(role => ({role, sessions: activity.sessions.filter(each => ofApplication(each, role) && !isTool(each))}))
      .filter(({sessions}) => sessions.length >= options.minSessions)
    const clients = activity.sessions.filter(({backendType}) => backendType === 'client backend').length
    return {
      summary: `${found.length || 'no'} superuser roles used by an application, among ${clients} sessions seen`,
      findings: found
        .sort((a, b) => b.sessions.length - a.sessions.length)
        .map(({role, sessions}) => draft(role, sessions, server.database)),
    }
  },
})

const ofApplication = ({backendType, user}: Session, {name}: Role) => backendType === 'client backend' && user === name

function draft(role: Role, sessions: Session[], database: string): FindingDraft {
  const distinct = (values: string[]) => [...new Set(values)].sort().slice(0, 5).join(', ')
  const name = quoteIdent(role.name)
  return {
    severity: 'medium',
    subject: `role ${name}`,
    title: `${sessions.length} sessions of an application run as superuser ${name}`,
    detail:
      'Told by their application names, which a client chooses itself: a tool of yours may be among them ' +
      '(then add its name to the option tools).',
    evidence: [
      {label: 'sessions', value: sessions.length, unit: 'count', source: 'pg_stat_activity'},
      {
        label: 'application names',
        value: distinct(sessions.map(({application}) => application || '(none)')),
        source: 'pg_stat_activity',
      },
      {
        label: 'from',
        value: distinct(sessions.map(({clientAddr}) => clientAddr ?? 'a local socket')),
        source: 'pg_stat_activity',
      },
    ],
    confidence: 'estimated',
    fixes: [role.isBootstrap ? newRole(role, database) : demote(name)],
  }
}

const demote = (name: string): FixRequest => ({
  kind: 'sql',
  title: `Make ${name} an ordinary role`,
  statements: [`ALTER ROLE ${name} NOSUPERUSER`],
  undo: [`ALTER ROLE ${name} SUPERUSER`],
  lock: 'none; sessions lose the right at once',
  note: 'It keeps what it owns. What belongs to others it needs by GRANT, and CREATE EXTENSION stays with you: try it in staging.',
})

/** The role of initdb cannot be demoted. */
function newRole({name}: Role, database: string): FixRequest {
  const app = quoteIdent(`${database}_app`)
  return {
    kind: 'action',
    title: `Give the application a role of its own instead of ${quoteIdent(name)}`,
    steps: [
      {
        text: 'Create it, and let it use what is there; set its password with \\password in psql',
        language: 'sql',
        lines: [
          `CREATE ROLE ${app} LOGIN;`,
          `GRANT CREATE, CONNECT ON DATABASE ${quoteIdent(database)} TO ${app};`,
          `GRANT USAGE, CREATE ON SCHEMA public TO ${app};`,
          `GRANT ALL ON ALL TABLES IN SCHEMA public TO ${app};`,
          `GRANT ALL ON ALL SEQUENCES IN SCHEMA public TO ${app};`,
        ],
      },
      'For migrations it must own the tables: ALTER TABLE ... OWNER TO for each of them',
      `Change user and password in the application's settings (DATABASE_URL, DATABASES), restart it`,
    ],
    note: `Change the password of ${quoteIdent(name)} afterwards: the application knew it.`,
  }
}
