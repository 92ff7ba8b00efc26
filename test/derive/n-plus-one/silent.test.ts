import {beforeAll, describe, expect, it} from 'vitest'
import {loadParser} from '../../../src/sql/parse.js'
import {AUTHOR, BOOKS, SESSION, USER} from './statements.js'
import {loops, type Seen, verdict} from './world.js'

beforeAll(loadParser)

describe('what stays silent', () => {
  it.each<[string, Seen[]]>([
    [
      'session and user, once per request',
      [
        [SESSION, 400, 400],
        [USER, 400, 400],
        [BOOKS, 20, 400],
      ],
    ],
    [
      'a detail page, with the author of its book',
      [
        ['SELECT id, title, author_id FROM book WHERE id = $1', 500, 500],
        [AUTHOR, 500, 500],
      ],
    ],
    [
      'two kinds of detail page and the user of each',
      [
        ['SELECT id, user_id FROM author WHERE id = $1', 300, 300],
        ['SELECT id, user_id FROM review WHERE id = $1', 200, 200],
        [USER, 500, 500],
      ],
    ],
    [
      'a fan-out of two',
      [
        [BOOKS, 200, 400],
        [AUTHOR, 400, 400],
      ],
    ],
    [
      'few calls',
      [
        [BOOKS, 2, 40],
        [AUTHOR, 40, 40],
      ],
    ],
    [
      'calls that are no rows',
      [
        [BOOKS, 20, 400],
        [AUTHOR, 431, 431],
      ],
    ],
    [
      'no key leads from one to the other',
      [
        ['SELECT id, name FROM publisher', 20, 400],
        [AUTHOR, 400, 400],
      ],
    ],
    [
      'checks of foreign keys',
      [
        [BOOKS, 20, 400],
        ['SELECT 1 FROM ONLY "public"."author" x WHERE "id" OPERATOR(pg_catalog.=) $1 FOR KEY SHARE OF x', 400, 400],
      ],
    ],
    [
      'batches',
      [
        [BOOKS, 20, 400],
        ['SELECT * FROM author WHERE id = ANY($1)', 400, 8000],
      ],
    ],
    [
      'batches of PostgreSQL 18',
      [
        [BOOKS, 20, 400],
        ['SELECT * FROM author WHERE id IN ($1 /*, ... */)', 400, 8000],
      ],
    ],
    [
      'batches of a tenant',
      [
        [BOOKS, 20, 400],
        ['SELECT * FROM review WHERE book_id IN ($1, $2) AND user_id = $3', 400, 1],
      ],
    ],
    [
      'workers that lock what they take',
      [
        ['SELECT id, author_id FROM book LIMIT $1 FOR UPDATE SKIP LOCKED', 20, 400],
        [AUTHOR, 400, 400],
      ],
    ],
    [
      'an import: RETURNING is no list',
      [
        ['INSERT INTO book (title, author_id) VALUES ($1, $2), ($3, $4) RETURNING id, author_id', 20, 400],
        [AUTHOR, 400, 400],
      ],
    ],
    ['keyset pages', [['SELECT id, author_id FROM book WHERE id > $1 ORDER BY id LIMIT $2', 20, 400]]],
    [
      'rows that came with their author',
      [
        [`SELECT book.id, book.author_id, author.name FROM book JOIN author ON author.id = book.author_id`, 20, 400],
        [AUTHOR, 400, 400],
      ],
    ],
    [
      'catalogs',
      [
        ['SELECT oid, relnamespace FROM pg_catalog.pg_class', 20, 400],
        ['SELECT * FROM pg_catalog.pg_namespace WHERE oid = $1', 400, 400],
      ],
    ],
    [
      'writes',
      [
        [BOOKS, 20, 400],
        ['UPDATE author SET name = $1 WHERE id = $2', 400, 400],
      ],
    ],
  ])('%s', (_, seen) => {
    expect(loops(seen)).toEqual([])
  })

  it('what does not parse is counted and named', () => {
    expect(
      verdict([
        ['SELECT * FROM (', 500, 500],
        [BOOKS, 20, 400],
      ]),
    ).toMatchObject({
      findings: [],
      summary: expect.stringMatching(/1 texts? .*not parse .*query 1/),
    })
  })
})
