import {expect, test} from 'vitest'
import {type Config, DEFAULTS, type TargetConfig} from '../../src/config.js'
import {EXIT} from '../../src/errors.js'
import {exitCodeOfFleet} from '../../src/fleet/rank.js'
import {makeSlots} from '../../src/fleet/slots.js'
import {withTarget} from '../../src/fleet/targets.js'
import type {FleetRow} from '../../src/fleet/types.js'

const target = (overrides: TargetConfig['overrides']): TargetConfig => ({
  name: 'shop',
  connection: 'dbname=shop',
  place: 'ahsp-db.yaml:3:5',
  tags: [],
  overrides,
})

test('what a target says of its own wins, key by key; skip and ignore add up', () => {
  const known = {rule: 'queries/slow', subject: 'a', reason: 'known'}
  const file: Config = {
    ...structuredClone(DEFAULTS),
    users: 100,
    cpus: 4,
    skip: ['memory'],
    ignore: [known],
    rules: {'connections/exhaustion': {warnAt: 60, failAt: 80}},
    severities: {'queries/slow': 'low'},
  }
  const own = target({
    users: 300,
    skip: ['queries'],
    ignore: [{...known, subject: 'b'}],
    rules: {'connections/exhaustion': {warnAt: 50}},
    severities: {'indexes/unused': 'info'},
  })
  expect(withTarget(file, own, {})).toMatchObject({
    connection: 'dbname=shop',
    users: 300,
    cpus: 4,
    skip: ['memory', 'queries'],
    ignore: [known, {...known, subject: 'b'}],
    rules: {'connections/exhaustion': {warnAt: 50, failAt: 80}},
    severities: {'queries/slow': 'low', 'indexes/unused': 'info'},
  })
  expect(file.rules).toEqual({'connections/exhaustion': {warnAt: 60, failAt: 80}})
})

test('a slot that is lent lets another work, and comes back before those who have not begun', async () => {
  const take = makeSlots(1, 1)
  const order: string[] = []
  const first = await take()
  const second = take().then(slot => {
    order.push('second')
    return slot
  })
  const third = take().then(slot => {
    order.push('third')
    return slot
  })
  first.lend()
  const working = await second
  const back = first.regain().then(() => order.push('first again'))
  // One is lent already: this does nothing.
  working.lend()
  await Promise.resolve()
  expect(order).toEqual(['second'])
  working.release()
  await back
  expect(order).toEqual(['second', 'first again'])
  first.release()
  ;(await third).release()
  expect(order).toEqual(['second', 'first again', 'third'])
})

test('a slot that was given up while it waited to come back is free again', async () => {
  const take = makeSlots(1, 1)
  const first = await take()
  first.lend()
  const second = await take()
  const back = first.regain()
  first.release()
  second.release()
  await back
  const third = await take()
  third.release()
})

test('the exit code is that of the worst: who cannot be reached weighs more than findings', () => {
  const codes = (...exits: number[]) => exitCodeOfFleet(exits.map(exit => ({exit}) as FleetRow))
  expect(codes(EXIT.ok, EXIT.findings, EXIT.connect)).toBe(EXIT.connect)
  expect(codes(EXIT.ok, EXIT.findings, EXIT.partial)).toBe(EXIT.findings)
  expect(codes(EXIT.busy, EXIT.partial)).toBe(EXIT.partial)
  expect(codes(EXIT.connect, EXIT.output)).toBe(EXIT.output)
  expect(codes(EXIT.ok)).toBe(EXIT.ok)
})
