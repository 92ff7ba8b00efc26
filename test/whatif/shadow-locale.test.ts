import pg from 'pg'
import {describe, expect, test} from 'vitest'
import {startServer} from '../../src/embedded/server.js'
import {shadowOf} from './shadows.js'

describe('the order of texts', () => {
  const LIKE = "SELECT * FROM word WHERE w LIKE 'a1%'"
  // Not every system has this one.
  const other = [{locale: "LOCALE_PROVIDER libc LOCALE 'C.UTF-8'", usesIndex: false}]
  test.each([
    ...(process.platform === 'linux' ? other : []),
    {locale: "LOCALE_PROVIDER libc LOCALE 'C'", usesIndex: true},
    {locale: "LOCALE_PROVIDER builtin BUILTIN_LOCALE 'C.UTF-8' LOCALE 'C'", usesIndex: true},
    {locale: "LOCALE_PROVIDER icu ICU_LOCALE 'de-AT' LOCALE 'C'", usesIndex: false},
  ])('$locale decides whether an index serves LIKE', async ({locale, usesIndex}) => {
    const server = await startServer()
    const client = new pg.Client({connectionString: server.url()})
    await client.connect()
    try {
      await client.query(`CREATE DATABASE words TEMPLATE template0 ENCODING 'UTF8' ${locale}`)
      const words = new pg.Client({connectionString: server.url('words')})
      await words.connect()
      await words.query(`CREATE TABLE word AS SELECT 'a' || i AS w FROM generate_series(1, 20000) i`)
      await words.query('CREATE INDEX ON word (w)')
      await words.query('VACUUM ANALYZE word')
      await words.end()
      const shadow = await shadowOf(server.url('words'))
      const {root} = await shadow.explain({sql: LIKE}, {settings: {seq_page_cost: '1000', enable_bitmapscan: 'off'}})
      await shadow.close()
      expect(shadow.notes).toEqual([])
      expect(root['Index Cond'] !== undefined).toBe(usesIndex)
    } finally {
      await client.end()
      await server.stop()
    }
  })
})
