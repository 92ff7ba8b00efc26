import {beforeAll, describe, expect, it} from 'vitest'
import {loadParser, tablesOf} from '../../src/sql/parse.js'
import {findingsOf} from '../rules/sections.js'
import {LIBRARY, loops, type Seen, type Tables, verdict} from './n-plus-one.js'

beforeAll(loadParser)

const BOOKS = 'SELECT book.id, book.title, book.author_id FROM book WHERE book.publisher_id = $1'
const AUTHOR = 'SELECT author.id, author.name, author.country_id FROM author WHERE author.id = $1 LIMIT $2'
const COUNTRY = 'SELECT country.id, country.name FROM country WHERE country.id = $1 LIMIT $2'
const REVIEWS = 'SELECT review.id, review.text FROM review WHERE review.book_id = $1'
const TAGS =
  'SELECT tag.id, tag.name FROM tag INNER JOIN book_tags ON (tag.id = book_tags.tag_id) WHERE book_tags.book_id = $1'
const SESSION = 'SELECT session_key, session_data FROM django_session WHERE session_key = $1 LIMIT $2'
const USER = 'SELECT auth_user.id, auth_user.username FROM auth_user WHERE auth_user.id = $1 LIMIT $2'

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

describe('counters that are equal by chance', () => {
  /** Numbers that are the same in each run. */
  const random = (seed: number) => () => {
    seed = (seed * 1_664_525 + 1_013_904_223) % 2 ** 32
    return seed / 2 ** 32
  }

  /** A busy application: 300 statements on 20 tables, each of which refers to three others, with unrelated counters. */
  function busy(seed: number): {seen: Seen[]; tables: Tables} {
    const next = random(seed)
    const pick = (n: number) => Math.floor(next() * n)
    const name = (n: number) => `table_${n}`
    const tables = Object.fromEntries(
      Array.from({length: 20}, (_, n) => [
        name(n),
        ['id', 'name', ...[1, 2, 3].map(step => `key${step}_id -> ${name((n + step * 3 + 1) % 20)}`)],
      ]),
    )
    const calls = () => Math.round(50 * 10 ** (next() * 4))
    const seen = Array.from({length: 300}, (_, n): Seen => {
      const table = name(pick(20))
      const columns = `id, name, key1_id, key2_id, key3_id, ${n} AS n`
      const kind = pick(3)
      if (kind === 0) return [`SELECT ${columns} FROM ${table} ORDER BY name`, ...list(calls(), next())]
      const by = kind === 1 ? 'id' : `key${1 + pick(3)}_id`
      const count = calls()
      return [
        `SELECT ${columns} FROM ${table} WHERE ${by} = $1`,
        count,
        by === 'id' ? count : Math.round(count * next() * 5),
      ]
    })
    return {seen, tables}
  }
  const list = (calls: number, share: number): [number, number] => [calls, Math.round(calls * (1 + share * 30))]

  it('300 statements whose counters have nothing to do with each other, in eight applications', () => {
    const found = Array.from({length: 8}, (_, seed) => {
      const {seen, tables} = busy(seed + 1)
      return loops(seen, {tables})
    }).flat()
    expect(found.filter(each => each.startsWith('high'))).toEqual([])
    // About one application in ten has one.
    expect(found.length).toBeLessThanOrEqual(2)
  })

  it('a loop among them is still found', () => {
    const {seen, tables} = busy(7)
    const all: Seen[] = [...seen, [BOOKS, 1000, 23_517], [AUTHOR, 23_517, 23_517]]
    expect(loops(all, {tables: {...tables, ...LIBRARY}})).toContain('high public.author (id)')
  })
})

describe('fixes', () => {
  const DJANGO = {
    markers: [{schema: 'public', table: 'django_migrations'}],
    djangoModels: [
      {app: 'library', model: 'book'},
      {app: 'library', model: 'author'},
      {app: 'library', model: 'country'},
      {app: 'library', model: 'review'},
    ],
  }
  const SHOP: Tables = {
    library_country: ['id', 'name'],
    library_author: ['id', 'name', 'home_country_id -> library_country'],
    library_book: ['id', 'title', 'author_id -> library_author'],
    library_tag: ['id', 'name'],
    library_book_tags: ['id', 'book_id -> library_book', 'tag_id -> library_tag'],
    library_review: ['id', 'book_id -> library_book'],
  }
  const LIST = 'SELECT id, title, author_id FROM library_book'
  const lookup = {
    author: 'SELECT id, name, home_country_id FROM library_author WHERE id = $1',
    country: 'SELECT id, name FROM library_country WHERE id = $1',
    reviews: 'SELECT id FROM library_review WHERE book_id = $1',
    tags: 'SELECT t.id, t.name FROM library_tag t JOIN library_book_tags l ON t.id = l.tag_id WHERE l.book_id = $1',
    count: 'SELECT COUNT(*) FROM library_review WHERE book_id = $1',
  }
  const adviceFor = (seen: Seen[], subject: string) => {
    const findings = findingsOf(verdict(seen, {tables: SHOP, application: DJANGO}))
    const fix = findings.find(finding => finding.subject.includes(subject))!.fixes[0]!
    if (fix.kind !== 'app') throw new Error(fix.kind)
    return fix.by
  }
  const advice = (...looked: (keyof typeof lookup)[]) => {
    const seen: Seen[] = [[LIST, 20, 400], ...looked.map((name): Seen => [lookup[name], 400, 400])]
    const subjects = {
      author: 'library_author',
      country: 'library_country',
      reviews: 'library_review',
      tags: 'library_book_tags',
      count: 'library_review',
    }
    return adviceFor(seen, subjects[looked.at(-1)!])
  }

  it.each<[(keyof typeof lookup)[], string]>([
    [['author'], "Book.objects.select_related('author')"],
    [['author', 'country'], "Book.objects.select_related('author__home_country')"],
    [['reviews'], "Book.objects.prefetch_related('review_set')"],
    [['tags'], "Book.objects.prefetch_related('tags')"],
    [['count'], "Book.objects.annotate(review_count=Count('review'))"],
  ])('Django: %s', (looked, line) => {
    expect(advice(...looked).django!.lines[0]).toBe(line)
  })

  it.each(['rails', 'prisma', 'typeorm', 'sequelize'] as const)('%s has its own words for each kind', framework => {
    const kinds = [['author'], ['author', 'country'], ['reviews'], ['tags'], ['count']] as (keyof typeof lookup)[][]
    expect(kinds.map(looked => advice(...looked)[framework]!.lines.join('\n'))).toMatchSnapshot()
  })

  it.each<keyof typeof lookup>(['author', 'country', 'reviews', 'tags', 'count'])('SQL for %s parses', looked => {
    const seen: (keyof typeof lookup)[] = looked === 'country' ? ['author', 'country'] : [looked]
    for (const line of advice(...seen).plain.lines) expect(tablesOf(line), line).not.toBeNull()
  })

  it('a table without a model is named as it is', () => {
    const seen: Seen[] = [
      [BOOKS, 20, 400],
      [AUTHOR, 400, 400],
    ]
    const [finding] = findingsOf(verdict(seen, {application: {...DJANGO, djangoModels: []}}))
    expect(JSON.stringify(finding!.fixes)).toContain('the model of table book')
  })

  it('a hostile name gets into no code', () => {
    const hostile = "x'); import os #_id"
    const tables: Tables = {author: ['id', 'name'], book: ['id', `${hostile} -> author`]}
    const seen: Seen[] = [
      [`SELECT id, "${hostile}" FROM book`, 20, 400],
      ['SELECT * FROM author WHERE id = $1', 400, 400],
    ]
    const fixes = JSON.stringify(findingsOf(verdict(seen, {tables})).map(({fixes}) => fixes))
    const lines = JSON.parse(fixes)[0][0].by
    for (const framework of ['django', 'rails', 'prisma', 'typeorm', 'sequelize']) {
      expect(lines[framework].lines.join()).not.toContain('import os')
    }
  })
})
