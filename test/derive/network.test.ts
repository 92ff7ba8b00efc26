import {expect, it} from 'vitest'
import {addressText, prefixLength, reachOf} from '../../src/derive/network.js'

it.each([
  [null, 'local'],
  ['127.8.0.1', 'local'],
  ['::1', 'local'],
  ['::ffff:10.1.2.3', 'private'],
  ['172.15.0.1', 'public'],
  ['172.16.0.1', 'private'],
  ['172.32.0.1', 'public'],
  ['192.168.1.1', 'private'],
  ['100.64.0.1', 'private'],
  ['100.128.0.1', 'public'],
  ['fd00::1', 'private'],
  ['fe80::1', 'private'],
  ['2001:db8::1', 'public'],
  ['.example.com', 'private'],
])('%s is %s', (address, reach) => expect(reachOf(address)).toBe(reach))

it.each([
  ['255.255.255.255', 32],
  ['255.240.0.0', 12],
  ['0.0.0.0', 0],
  ['ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff', 128],
  ['ffff:ffff::', 32],
  ['fe00::', 7],
  ['::', 0],
  ['nonsense', null],
])('%s has %s bits', (mask, bits) => expect(prefixLength(mask)).toBe(bits))

it('an address as it stands in the file', () => {
  expect(addressText({address: '10.0.0.0', netmask: '255.0.0.0'})).toBe('10.0.0.0/8')
  expect(addressText({address: 'samenet', netmask: null})).toBe('samenet')
})
