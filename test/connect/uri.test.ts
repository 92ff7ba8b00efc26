import {describe, expect, test} from 'vitest'
import {parseUri} from '../../src/connect/uri.js'
import type {CliError} from '../../src/errors.js'

const asObject = (text: string) => Object.fromEntries(parseUri(text))

// The first block holds the examples of PostgreSQL's documentation.
test.each([
  ['postgresql://', {}],
  ['postgresql://localhost', {host: 'localhost'}],
  ['postgresql://localhost:5433', {host: 'localhost', port: '5433'}],
  ['postgresql://localhost/mydb', {host: 'localhost', dbname: 'mydb'}],
  ['postgresql://user@localhost', {user: 'user', host: 'localhost'}],
  ['postgresql://user:secret@localhost', {user: 'user', password: 'secret', host: 'localhost'}],
  [
    'postgresql://other@localhost/otherdb?connect_timeout=10&application_name=myapp',
    {user: 'other', host: 'localhost', dbname: 'otherdb', connect_timeout: '10', application_name: 'myapp'},
  ],
  [
    'postgresql://host1:123,host2:456/somedb?target_session_attrs=any&application_name=myapp',
    {host: 'host1,host2', port: '123,456', dbname: 'somedb', target_session_attrs: 'any', application_name: 'myapp'},
  ],
  ['postgresql:///mydb?host=localhost&port=5433', {dbname: 'mydb', host: 'localhost', port: '5433'}],
  ['postgresql://[2001:db8::1234]/database', {host: '2001:db8::1234', dbname: 'database'}],
  ['postgresql:///dbname?host=/var/lib/postgresql', {dbname: 'dbname', host: '/var/lib/postgresql'}],
  ['postgresql://%2Fvar%2Flib%2Fpostgresql/dbname', {host: '/var/lib/postgresql', dbname: 'dbname'}],

  ['postgres://h/d', {host: 'h', dbname: 'd'}],
  ['postgres://:pw@h', {password: 'pw', host: 'h'}],
  ['postgres://u:@h', {user: 'u', host: 'h'}],
  ['postgres://u:p%40ss%2Fw%3Ard%25@h', {user: 'u', password: 'p@ss/w:rd%', host: 'h'}],
  ['postgres://u:a?b#c:d@h/x', {user: 'u', password: 'a?b#c:d', host: 'h', dbname: 'x'}],
  ['postgres://h1,h2:5433,/d', {host: 'h1,h2,', port: ',5433,', dbname: 'd'}],
  ['postgres://[::1]:5433,[::2]/d', {host: '::1,::2', port: '5433,', dbname: 'd'}],
  ['postgres://h/d?', {host: 'h', dbname: 'd'}],
  ['postgres://h?sslmode=require', {host: 'h', sslmode: 'require'}],
  ['postgres://h?ssl=true', {host: 'h', sslmode: 'require'}],
  ['postgres://h/d%C3%A9', {host: 'h', dbname: 'dé'}],
  ['postgres://h/a+b', {host: 'h', dbname: 'a+b'}],
])('%s', (text, expected) => {
  expect(asObject(text)).toEqual(expected)
})

describe('what cannot be read is refused with exit 2, and never quoted', () => {
  test.each([
    ['mysql://u:hunter2@h', /scheme/],
    ['jdbc:postgresql://u:hunter2@h', /scheme/],
    ['postgresql+psycopg2://u:hunter2@h', /scheme/],
    ['postgres://u:hunter@2@h/d', /more than one @/],
    ['postgres://u:hunter/2@h/d', /a \/ before the @/],
    ['postgres://u:12/hunter2@h/d', /a \/ before the @/],
    ['postgres://u:hunter2%@h', /password has a bad percent-encoding/],
    ['postgres://u:hunter2%zz@h', /password has a bad percent-encoding/],
    ['postgres://u:hunter2%00@h', /password has a bad percent-encoding/],
    ['postgres://u:hunter2%ff@h', /password has a bad percent-encoding/],
    ['postgres://::1/d', /host or its port/],
    ['postgres://[]/d', /host or its port/],
    ['postgres://[::1/d', /host or its port/],
    ['postgres://h:port/d', /host or its port/],
    ['postgres://h?hunter2', /has no value/],
    ['postgres://h?=hunter2', /has no value/],
    ['postgres://h?password=hunter=2', /second =/],
  ])('%s', (text, message) => {
    const refuse = () => parseUri(text)
    expect(refuse).toThrow(message)
    try {
      refuse()
    } catch (error) {
      expect((error as CliError).exit).toBe(2)
      expect((error as CliError).line).not.toMatch(/hunter/)
    }
  })
})
