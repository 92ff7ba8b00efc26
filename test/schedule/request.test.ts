import {expect, test} from 'vitest'
import {commandOf} from '../../src/schedule/plan.js'
import {planOf} from '../../src/schedule/request.js'
import {calendarOf, cronOf, parseWhen} from '../../src/schedule/when.js'
import {splitWords} from '../../src/schedule/words.js'
import {CONNINFO, flags} from './plans.js'

test.each([
  ['15m', '*/15 * * * *', '*-*-* *:00/15:00'],
  ['15min', '*/15 * * * *', '*-*-* *:00/15:00'],
  ['1m', '* * * * *', '*-*-* *:00/1:00'],
  ['60min', '0 * * * *', '*-*-* 00/1:00:00'],
  ['6h', '0 */6 * * *', '*-*-* 00/6:00:00'],
  ['24h', '0 6 * * *', '*-*-* 06:00:00'],
  ['daily', '0 6 * * *', '*-*-* 06:00:00'],
  ['daily 23:05', '5 23 * * *', '*-*-* 23:05:00'],
])('--every %s', (text, cron, calendar) => {
  const when = parseWhen(text)
  expect(cronOf(when)).toBe(cron)
  expect(calendarOf(when)).toBe(calendar)
})

test.each(['7m', '0m', '5h', '45min', 'daily 24:00', 'daily 12:60', 'hourly', '', '15'])(
  '--every %j is refused',
  text => {
    expect(() => parseWhen(text)).toThrow(`--every is ${JSON.stringify(text)}`)
  },
)

test('the places of the unit are added unless the command names its own', () => {
  const places = {config: '/c.yaml', history: '/h'}
  const of = (text: string) => commandOf({command: splitWords(text)}, places).join(' ')
  expect(of('check --save')).toBe('check --save --config /c.yaml --history /h')
  expect(of('check --save --history=/own -c mine')).toBe('check --save --history=/own -c mine')
  expect(of('check')).toBe('check --config /c.yaml')
  expect(of('report -o "a b"')).toBe('report -o a b --config /c.yaml --history /h')
})

test.each([
  [{command: 'fix'}, CONNINFO, '--command is "fix"'],
  [{command: "check 'a"}, CONNINFO, 'a quote that does not end'],
  [{}, 'postgres://me:secret@db.example/app', 'must not hold a password'],
  [{}, 'host=db password=secret', 'must not hold a password'],
  [{}, 'host=db\nExecStart=/bin/sh', 'control character'],
  [{user: 'a b'}, CONNINFO, 'no account name'],
  [{mail: 'a\nb'}, CONNINFO, '--mail is no address'],
  [{config: 'here.yaml'}, undefined, '--config here.yaml is not absolute'],
])('%j %s is refused: %s', (given, conninfo, message) => {
  const asked = () => planOf('systemd', flags(given), conninfo)
  expect(asked).toThrow(message)
  expect(asked).not.toThrow('secret')
})

test('without a connection the configuration of the place names the targets', () => {
  expect(planOf('cron', flags(), undefined).config).toBe('/etc/ahsp-db/ahsp-db.yaml')
  expect(planOf('github', flags(), undefined).config).toBe('ahsp-db.yaml')
  expect(planOf('cron', flags(), CONNINFO).config).toBeUndefined()
  expect(() => planOf('k8s', flags({'webhook-file': '/x'}), CONNINFO)).toThrow('--webhook-file is for systemd and cron')
})
