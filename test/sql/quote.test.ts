import {parse} from 'libpg-query'
import {describe, expect, it} from 'vitest'
import {qualified, quoteIdent, quoteLiteral} from '../../src/sql/quote.js'

const HOSTILE = [
  'plain',
  'With "quotes"',
  "O'Brien",
  'back\\slash',
  'new\nline',
  'esc\u001b[31m',
  'c1\u0085',
  'bidi\u202eevil',
  'zero\u200bwidth',
  'tag\u{e0041}',
  'line\u2028sep',
  '"; DROP TABLE x; --',
  "'; DROP TABLE x; --",
  'both\n"\'\\',
  'é漢字🙂',
]

describe('quoting', () => {
  it('always quotes, and escapes what cannot be seen', () => {
    expect(quoteIdent('project')).toBe('"project"')
    expect(quoteIdent('a"b')).toBe('"a""b"')
    expect(quoteIdent('a\nb')).toBe('U&"a\\000Ab"')
    expect(quoteIdent('a\u{e0041}')).toBe('U&"a\\+0E0041"')
    expect(qualified('public', 'Pekerjaan')).toBe('"public"."Pekerjaan"')
    expect(quoteLiteral("it's")).toBe("'it''s'")
    expect(quoteLiteral('C:\\x')).toBe("E'C:\\\\x'")
    expect(quoteLiteral('a\u001b')).toBe("U&'a\\001B'")
  })

  it.each(HOSTILE)('PostgreSQL reads %j back as the same name and the same text', async text => {
    const sql = `SELECT ${quoteLiteral(text)} FROM ${qualified(text, text)}`
    expect(sql).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u)
    const tree = await parse(sql)
    expect(tree.stmts).toHaveLength(1)
    expect(tree.stmts?.[0]?.stmt).toMatchObject({
      SelectStmt: {
        targetList: [{ResTarget: {val: {A_Const: {sval: {sval: text}}}}}],
        fromClause: [{RangeVar: {schemaname: text, relname: text}}],
      },
    })
  })
})
