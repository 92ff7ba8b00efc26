import {beforeAll, expect, it} from 'vitest'
import {loadParser, shapeOf, tablesOf} from '../../src/sql/parse.js'
import {readable} from '../../src/workload/readable.js'

const MODELS = [
  {app: 'dashboard', model: 'project'},
  {app: 'auth', model: 'user'},
]

const read = (sql: string) => readable(sql, tablesOf(sql) ?? [], shapeOf(sql)?.relations ?? [], MODELS)

beforeAll(loadParser)

it.each([
  [
    'SELECT "dashboard_project"."id", "dashboard_project"."a", "dashboard_project"."b", "dashboard_project"."c"\n FROM "dashboard_project" WHERE "dashboard_project"."is_active" = $1 LIMIT $2',
    'SELECT 4 columns FROM dashboard.Project WHERE is_active = $1 LIMIT $2',
  ],
  [
    'SELECT "dashboard_project"."id", "auth_user"."username" FROM "dashboard_project" INNER JOIN "auth_user" ON ("dashboard_project"."owner_id" = "auth_user"."id") WHERE "dashboard_project"."is_active" = $1',
    'SELECT Project.id, User.username FROM dashboard.Project JOIN auth.User WHERE Project.is_active = $1',
  ],
  ['SELECT "User"."id" FROM "Users" AS "User" WHERE "User"."id" = $1', 'SELECT id FROM "Users" WHERE id = $1'],
  [
    'SELECT "public"."book"."id" FROM "public"."book" WHERE ("public"."book"."id" = $1 AND 1=1)',
    'SELECT id FROM book WHERE (id = $1 AND 1=1)',
  ],
  ['SELECT COUNT(*) AS "__count" FROM "book"', 'SELECT COUNT(*) AS __count FROM book'],
  [
    'SELECT week, SUM(a * b * c * d * e * f) AS planned, SUM(a * b * c * d / e - f) AS actual FROM book GROUP BY week',
    'SELECT week, SUM(...), SUM(...) FROM book GROUP BY week',
  ],
  [
    'INSERT INTO auth_user (a, b, c, d) VALUES ($1, $2, $3, $4), ($5, $6, $7, $8) ON CONFLICT DO NOTHING RETURNING id',
    'INSERT INTO auth.User (4 columns) VALUES (...) ON CONFLICT DO NOTHING RETURNING id',
  ],
  ['INSERT INTO tag (id, name) VALUES ($1, $2)', 'INSERT INTO tag (id, name) VALUES (...)'],
  ['UPDATE "auth_user" SET "x" = $1 WHERE "auth_user"."id" = $2', 'UPDATE auth.User SET x = $1 WHERE id = $2'],
  ['SELECT id FROM book WHERE id IN ($1, $2, $3)', 'SELECT id FROM book WHERE id IN (...)'],
  ['SELECT id FROM book WHERE id IN ($1 /*, ... */)', 'SELECT id FROM book WHERE id IN (...)'],
  ['SELECT author FROM author', 'SELECT author FROM author'],
  ['SELECT /* c */ "a b", "Mixed" FROM "od""d"', 'SELECT "a b", "Mixed" FROM "od""d"'],
  ['SELECT DISTINCT ON (a) a, b, c, d, e FROM book', 'SELECT DISTINCT ON (a) a, b, c, d, e FROM book'],
  [
    'WITH x AS (SELECT a, b, c, d FROM book) SELECT * FROM x',
    'WITH x AS (SELECT a, b, c, d FROM book) SELECT * FROM x',
  ],
])('%s', (sql, expected) => {
  expect(read(sql)).toBe(expected)
})

it.each(['', 'SELECT', 'SELECT FROM', 'INSERT INTO t (', "SELECT 'unclosed", '"', '))))', 'SELECT a FROM "x'])(
  'stands what is no whole statement: %j',
  sql => {
    expect(typeof read(sql)).toBe('string')
  },
)
