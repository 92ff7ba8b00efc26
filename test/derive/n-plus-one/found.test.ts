import {beforeAll, describe, expect, it} from 'vitest'
import {loadParser} from '../../../src/sql/parse.js'
import {findingsOf} from '../../rules/sections.js'
import {AUTHOR, BOOKS, COUNTRY, REVIEWS, SESSION, TAGS, USER} from './statements.js'
import {loops, type Seen, type Tables, verdict} from './world.js'

beforeAll(loadParser)

describe('loops that are found', () => {
  it.each<[string, Seen[], string[]]>([
    [
      'pk',
      [
        [BOOKS, 20, 400],
        [AUTHOR, 400, 400],
      ],
      ['high public.author (id)'],
    ],
    [
      'fk',
      [
        [BOOKS, 20, 400],
        [REVIEWS, 400, 1300],
      ],
      ['high public.review (book_id)'],
    ],
    [
      'm2m',
      [
        [BOOKS, 20, 400],
        [TAGS, 400, 700],
      ],
      ['high public.book_tags (book_id)'],
    ],
    [
      'count',
      [
        [BOOKS, 20, 400],
        ['SELECT COUNT(*) FROM review WHERE review.book_id = $1', 400, 400],
      ],
      ['high count of public.review (book_id)'],
    ],
    [
      'exists',
      [
        [BOOKS, 20, 400],
        ['SELECT $1 AS "a" FROM review WHERE review.book_id = $2 LIMIT $3', 400, 90],
      ],
      ['high count of public.review (book_id)'],
    ],
    [
      'a chain',
      [
        [BOOKS, 20, 400],
        [AUTHOR, 400, 400],
        [COUNTRY, 400, 400],
      ],
      ['high public.author (id)', 'high public.country (id)'],
    ],
    [
      'a loop in a loop',
      [
        ['SELECT publisher.id FROM publisher', 10, 50],
        [BOOKS, 50, 600],
        [REVIEWS, 600, 10],
      ],
      ['high public.book (publisher_id)', 'high public.review (book_id)'],
    ],
    [
      'few authors, asked for again and again',
      [
        [BOOKS, 1, 5000],
        [AUTHOR, 5000, 5000],
      ],
      ['high public.author (id)'],
    ],
    [
      'IN with one value',
      [
        [BOOKS, 20, 400],
        [REVIEWS.replace('= $1', 'IN ($1)'), 400, 9],
      ],
      ['high public.review (book_id)'],
    ],
    [
      'from two lists',
      [
        [BOOKS, 20, 400],
        ['SELECT id, author_id FROM book ORDER BY title LIMIT $1', 10, 153],
        [AUTHOR, 553, 553],
      ],
      ['high public.author (id)'],
    ],
    [
      'lists that differ in their filters',
      [
        [BOOKS, 20, 401],
        [`${BOOKS} AND title LIKE $2`, 7, 83],
        [`${BOOKS} ORDER BY title`, 9, 109],
        [AUTHOR, 593, 593],
      ],
      ['high public.author (id)'],
    ],
    [
      'a list by keys, of several lengths',
      [
        ['SELECT id, author_id FROM book WHERE id IN ($1)', 3, 3],
        ['SELECT id, author_id FROM book WHERE id IN ($1, $2, $3, $4)', 50, 200],
        ['SELECT id, author_id FROM book WHERE id IN ($1, $2, $3, $4, $5)', 70, 350],
        [AUTHOR, 553, 553],
      ],
      ['high public.author (id)'],
    ],
    [
      'tenants and soft deletion',
      [
        [BOOKS, 20, 400],
        [`${REVIEWS} AND review.user_id = $2 AND deleted_at IS NULL ORDER BY id LIMIT $3`, 400, 9],
      ],
      ['high public.review (book_id)'],
    ],
    [
      'Prisma',
      [
        ['SELECT "public"."book"."id", "public"."book"."author_id" FROM "public"."book" WHERE 1=1 OFFSET $1', 20, 400],
        [
          'SELECT "public"."author"."id" FROM "public"."author" WHERE ("public"."author"."id" = $1 AND 1=1) LIMIT $2 OFFSET $3',
          400,
          400,
        ],
      ],
      ['high public.author (id)'],
    ],
    [
      "TypeORM's lazy relation",
      [
        ['SELECT "b"."id" AS "b_id", "b"."title" AS "b_title" FROM "book" "b"', 20, 400],
        [
          'SELECT "author"."id" FROM "author" "author" INNER JOIN "book" "Book" ON "Book"."author_id" = "author"."id" WHERE "Book"."id" IN ($1)',
          400,
          400,
        ],
      ],
      ['high public.author (id)'],
    ],
    [
      'first the keys, then the rows',
      [
        ['SELECT id FROM book WHERE publisher_id = $1', 20, 400],
        ['SELECT * FROM book WHERE id = $1', 400, 400],
      ],
      ['high public.book (id)'],
    ],
    [
      'the same row is also read once per request',
      [
        ['SELECT author.id, author.user_id FROM author', 31, 620],
        [SESSION, 177, 177],
        [USER, 797, 797],
      ],
      ['medium public.auth_user (id)'],
    ],
  ])('%s', (_, seen, expected) => {
    expect(loops(seen).sort()).toEqual(expected)
  })

  it('the fan-out of a chain is that of the list', () => {
    const findings = findingsOf(
      verdict([
        [BOOKS, 20, 400],
        [AUTHOR, 400, 400],
        [COUNTRY, 400, 400],
      ]),
    )
    const values = findings.map(({evidence}) => evidence.find(({label}) => label === 'look-ups per page')!.value)
    expect(values).toEqual([20, 20])
    const queries = findings[0]!.evidence.find(({label}) => label.startsWith('queries per page'))!
    expect(queries.value).toBe(41)
  })

  it('statements whole, with their queryids', () => {
    const [finding] = findingsOf(
      verdict([
        [BOOKS, 20, 400],
        [AUTHOR, 400, 400],
      ]),
    )
    expect(finding!.evidence.filter(({value}) => String(value).startsWith('SELECT'))).toMatchObject([
      {label: 'look-up 2', value: AUTHOR},
      {label: 'parent 1', value: BOOKS},
    ])
  })

  it('loops under way when the counters were read', () => {
    const seen: Seen[] = [
      [BOOKS, 250, 5000],
      [AUTHOR, 4880, 4880],
    ]
    expect(loops(seen)).toEqual([])
    expect(loops(seen, {lastQueries: Array(4).fill(AUTHOR)})).toEqual(['medium public.author (id)'])
    expect(
      loops(
        [
          [BOOKS, 250, 4880],
          [AUTHOR, 5000, 5000],
        ],
        {lastQueries: Array(4).fill(AUTHOR)},
      ),
    ).toEqual([])
  })
})

describe('without foreign keys', () => {
  const RAILS: Tables = {
    authors: ['id', 'name', 'country_id'],
    countries: ['id', 'name'],
    books: ['id', 'title', 'author_id', 'category_id'],
    categories: ['id', 'parent_id'],
    shop_people: ['id'],
    shop_orders: ['id', 'personId'],
    owners: ['id'],
    pets: ['id', 'boss_id'],
  }
  const pair = (list: string, look: string) =>
    loops(
      [
        [list, 20, 400],
        [look, 400, 400],
      ],
      {tables: RAILS, isUndeclared: true},
    )
  it.each<[string, string, string[]]>([
    [
      'SELECT "books".* FROM "books"',
      'SELECT "authors".* FROM "authors" WHERE "authors"."id" = $1 LIMIT $2',
      ['medium public.authors (id)'],
    ],
    ['SELECT * FROM "authors"', 'SELECT * FROM "countries" WHERE "id" = $1', ['medium public.countries (id)']],
    ['SELECT * FROM authors', 'SELECT * FROM books WHERE author_id = $1', ['medium public.books (author_id)']],
    ['SELECT * FROM shop_orders', 'SELECT * FROM shop_people WHERE id = $1', ['medium public.shop_people (id)']],
    [
      'SELECT id, parent_id FROM categories LIMIT $1',
      'SELECT * FROM categories WHERE id = $1',
      ['medium public.categories (id)'],
    ],
    // nothing leads from boss_id to owners
    ['SELECT * FROM pets', 'SELECT * FROM owners WHERE id = $1', []],
  ])('%s - %s', (list, look, expected) => {
    expect(pair(list, look)).toEqual(expected)
  })
})
