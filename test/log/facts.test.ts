import {expect, test} from 'vitest'
import {type Facts, factsOf} from '../../src/log/facts.js'
import {kinship} from '../../src/log/naming.js'

test.each<[string, Partial<Facts>]>([
  [
    'SELECT "User"."id", "User"."companyId" AS "User__c", u.name FROM "Users" AS "User" WHERE "User"."id" = $1',
    {kind: 'select', tables: ['Users'], equalities: [{table: 'Users', column: 'id'}], targets: ['id', 'companyId']},
  ],
  [
    'SELECT * FROM ONLY public.a x, b JOIN c ON c.id = x.c_id WHERE ("x"."a_id" IN ($1) AND 1=1) LIMIT $2',
    {tables: ['a', 'b', 'c'], equalities: [{table: 'a', column: 'a_id'}], targets: ['*']},
  ],
  ['SELECT COUNT(*) FROM t WHERE t_id = $1', {aggregate: true, targets: []}],
  ['SELECT id FROM t WHERE id > $1 AND x <= $2 AND y <> $3', {equalities: []}],
  ['SELECT id FROM t WHERE id = ANY($1)', {equalities: []}],
  ['select id from jobs where state = $1 limit 1 for no key update skip locked', {locks: true}],
  ['SELECT 1', {kind: 'ignored'}],
  ["SELECT nextval('s')", {kind: 'ignored'}],
  ['SELECT c.relname FROM pg_catalog.pg_class c WHERE c.oid = $1', {kind: 'ignored'}],
  ['ROLLBACK TO SAVEPOINT x', {kind: 'ignored'}],
  ['ROLLBACK', {kind: 'end'}],
  ['BEGIN ISOLATION LEVEL SERIALIZABLE', {kind: 'begin'}],
  ['INSERT INTO t (a) VALUES ($1)', {kind: 'write', tables: ['t']}],
  ['WITH x AS (DELETE FROM t RETURNING id) SELECT * FROM x', {kind: 'write'}],
  ['SELECT a FROM t WHE', {kind: 'select', tables: ['t']}],
  ['', {kind: 'other'}],
])('%s', (sql, expected) => {
  expect(factsOf(sql)).toMatchObject(expected)
})

const TABLES = ['auth_user', 'dashboard_project', 'book_tags', 'tags', 'books', 'categories', 'order_item', 'items']
const PROJECTS = 'SELECT id, owner_id, category_id FROM dashboard_project ORDER BY id'

test.each([
  ['SELECT * FROM categories WHERE id = $1', PROJECTS, {kind: 'pk', by: 'name', through: 'category_id'}],
  ['SELECT * FROM auth_user WHERE id = $1', PROJECTS, {kind: 'pk', by: 'position', through: 'owner_id'}],
  ['SELECT * FROM x WHERE project_id = $1', PROJECTS, {kind: 'fk', by: 'name', column: 'project_id'}],
  ['SELECT * FROM x WHERE "projectId" = $1', PROJECTS, {kind: 'fk', by: 'name'}],
  [
    'SELECT t.id FROM tags t INNER JOIN book_tags bt ON bt.tag_id = t.id WHERE bt.book_id = $1',
    'SELECT id FROM books',
    {kind: 'fk', by: 'name', table: 'book_tags'},
  ],
  ['SELECT * FROM order_item WHERE item_id = $1', 'SELECT id FROM items', {kind: 'fk', by: 'name'}],
  ['SELECT * FROM books WHERE author_id = $1', 'SELECT id FROM auth_user', {kind: 'fk', by: 'position'}],
  // Names another table of this log, so it is not a role.
  ['SELECT * FROM x WHERE book_id = $1', PROJECTS, null],
  ['SELECT * FROM tags WHERE id = $1', 'SELECT id, category_id FROM books', null],
  ['SELECT * FROM tags WHERE name = $1', PROJECTS, null],
  ['SELECT * FROM x WHERE project_id = $1', 'UPDATE dashboard_project SET a = $1', null],
])('%s after %s', (child, parent, expected) => {
  const found = kinship(factsOf(child), factsOf(parent), TABLES)
  if (expected === null) expect(found).toBeNull()
  else expect(found).toMatchObject(expected)
})
