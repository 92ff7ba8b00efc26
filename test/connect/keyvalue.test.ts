import {expect, test} from 'vitest'
import {parseKeyValue} from '../../src/connect/keyvalue.js'

test.each([
  [
    'host=localhost port=5432 dbname=mydb connect_timeout=10',
    {host: 'localhost', port: '5432', dbname: 'mydb', connect_timeout: '10'},
  ],
  ['  host = h\n\tport =1 ', {host: 'h', port: '1'}],
  ["password='two words' user=u", {password: 'two words', user: 'u'}],
  ["password='it\\'s \\\\ fine'", {password: "it's \\ fine"}],
  ['password=a\\ b\\\\c user=u', {password: 'a b\\c', user: 'u'}],
  ["password='' user=u", {password: '', user: 'u'}],
  ['password= user=u', {password: 'user=u'}],
  ["user='a'dbname=b", {user: 'a', dbname: 'b'}],
  ['password=a=b', {password: 'a=b'}],
  ['user=first user=second', {user: 'second'}],
  ['password=ends\\', {password: 'ends'}],
])('%s', (text, expected) => {
  expect(Object.fromEntries(parseKeyValue(text))).toEqual(expected)
})

test.each([
  ['password=open hunter2', /without "=" at character 15/],
  ["host=h password='hunter2", /quote opened at character 17 .* not closed/],
  ['=hunter2', /without "="/],
])('%s is refused, not quoted', (text, message) => {
  expect(() => parseKeyValue(text)).toThrow(message)
  expect(() => parseKeyValue(text)).toThrow(expect.not.objectContaining({message: expect.stringContaining('hunter')}))
})
