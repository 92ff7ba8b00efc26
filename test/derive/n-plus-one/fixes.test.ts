import {beforeAll, describe, expect, it} from 'vitest'
import {loadParser, tablesOf} from '../../../src/sql/parse.js'
import {findingsOf} from '../../rules/sections.js'
import {AUTHOR, BOOKS} from './statements.js'
import {type Seen, type Tables, verdict} from './world.js'

beforeAll(loadParser)

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
