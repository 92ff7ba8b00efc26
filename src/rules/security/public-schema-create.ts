import {defineRule, type FindingDraft} from '../../rule.js'
import type {OpenSchema} from '../../snapshot.js'
import {quoteIdent} from '../../sql/quote.js'
import {number} from '../../units.js'

export default defineRule({
  id: 'security/public-schema-create',
  title: 'Every role may create objects in a shared schema',
  category: 'security',
  needs: ['openSchemas', 'roles'],
  options: {
    minRoles: {default: 2, unit: 'count', help: 'ordinary roles that log in; a single one has nobody to deceive'},
  },
  severity: {low: 'a role can put a function or a table in the way of others, who then run it with their rights'},
  why:
    'Who may create objects in a schema that others search can slip in a function of a well-known name, and it runs with ' +
    'the rights of whoever calls it. PostgreSQL 15 no longer allows that in new databases; older ones, and those that ' +
    'were upgraded, keep it.',
  references: [
    'https://wiki.postgresql.org/wiki/A_Guide_to_CVE-2018-1058:_Protect_Your_Search_Path',
    'https://www.postgresql.org/docs/current/ddl-schemas.html#DDL-SCHEMAS-PATTERNS',
  ],
  peers: ['PE', 'PW'],
  check({openSchemas, roles}, {minRoles}) {
    const ordinary = roles.filter(({canLogin, isSuperuser}) => canLogin && !isSuperuser).length
    const names = openSchemas.slice(0, 5).map(({schema}) => quoteIdent(schema))
    const open = names.length === 0 ? 'no schema lets' : `${names.join(', ')} ${names.length === 1 ? 'lets' : 'let'}`
    return {
      summary: `${open} every role create objects; ${number(ordinary)} ordinary roles can log in`,
      findings: ordinary < minRoles ? [] : openSchemas.map(each => draft(each, ordinary)),
    }
  },
})

function draft({schema, owners}: OpenSchema, ordinary: number): FindingDraft {
  const name = quoteIdent(schema)
  const users = owners.map(quoteIdent)
  return {
    severity: 'low',
    subject: `schema ${name}`,
    title: `Every role may create objects in schema ${name}`,
    detail: `${number(ordinary)} ordinary roles can log in. That one of them does so was not looked for.`,
    evidence: [
      {label: 'CREATE for PUBLIC', value: 'granted', source: 'pg_namespace.nspacl'},
      {label: 'roles that own relations there', value: users.join(', ') || 'its owner alone', source: 'pg_class'},
    ],
    confidence: 'measured',
    fixes: [
      {
        kind: 'sql',
        title: `Let only those create objects in ${name} who do it now`,
        statements: [
          ...users.map(user => `GRANT CREATE ON SCHEMA ${name} TO ${user}`),
          `REVOKE CREATE ON SCHEMA ${name} FROM PUBLIC`,
        ],
        undo: [
          `GRANT CREATE ON SCHEMA ${name} TO PUBLIC`,
          ...users.map(user => `REVOKE CREATE ON SCHEMA ${name} FROM ${user}`),
        ],
        lock: 'none that waits for sessions',
        note: 'Migrations run by a role that owns nothing there yet need a GRANT CREATE of their own.',
      },
    ],
  }
}
