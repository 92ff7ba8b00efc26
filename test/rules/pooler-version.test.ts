import {execFileSync} from 'node:child_process'
import {existsSync} from 'node:fs'
import {describe, expect, it} from 'vitest'
import {hasPgbouncer, startPgbouncer} from '../../fixtures/pgbouncer.js'
import {startServer} from '../../src/embedded/server.js'
import version from '../../src/rules/pooler/version.js'
import {takeSnapshot} from '../snapshot.js'
import {config, pooler} from './poolers.js'
import {judge, only, outcome} from './sections.js'

const AT = '10.0.0.5:6432'
const NEW_QUERY = 'SELECT rolname, CASE WHEN rolvaliduntil < now() THEN NULL ELSE rolpassword END FROM pg_authid'

function check(versionNum: number, values: Record<string, string | number> = {}, options = {}) {
  const parts = [Math.floor(versionNum / 10_000), Math.floor(versionNum / 100) % 100, versionNum % 100]
  const settings = config({auth_type: 'scram-sha-256', auth_query: 'SELECT usename, passwd FROM pg_shadow', ...values})
  return judge(version, {poolers: [pooler({version: parts.join('.'), versionNum, config: settings})]}, {options})
}

const holes = (...given: Parameters<typeof check>) =>
  only(check(...given))
    .evidence.map(({label}) => label)
    .filter(label => label.startsWith('CVE'))

describe('pooler/version', () => {
  it.each<[string, Parameters<typeof check>, string[]]>([
    ['the newest', [12_601], []],
    ['newer than the list', [12_700], []],
    ['anybody who reaches it', [12_502], [`high ${AT}`]],
    ['only this machine does', [12_502, {listen_addr: '127.0.0.1'}], [`medium ${AT}`]],
    ['it takes a password', [12_600], [`medium ${AT}`]],
    [
      'an ignored parameter opens the last one',
      [12_600, {ignore_startup_parameters: 'extra_float_digits'}],
      [`high ${AT}`],
    ],
    ['but not with options', [12_600, {auth_type: 'ldap', ignore_startup_parameters: 'options'}], []],
    ['a package with a correction', [11_800, {auth_query: NEW_QUERY}], [`medium ${AT}`]],
  ])('%s', (_, given, expected) => {
    expect(outcome(check(...given))).toEqual(expected)
  })

  it('names those that are open in this configuration, the worst first', () => {
    expect(holes(12_600)).toEqual(['CVE-2026-107350'])
    expect(holes(12_600, {auth_type: 'trust', max_packet_size: 2 ** 32 - 1})).toEqual(['CVE-2026-107348'])
    expect(holes(12_501, {auth_type: 'trust'})).toEqual([
      'CVE-2026-6668',
      'CVE-2026-6669',
      'CVE-2026-6665',
      'CVE-2026-6666',
    ])
    expect(holes(12_400)).toContain('CVE-2025-2291')
    expect(holes(12_401)).not.toContain('CVE-2025-2291')
    expect(holes(12_300, {auth_query: NEW_QUERY})).not.toContain('CVE-2025-2291')
    expect(holes(11_600, {auth_type: 'cert'})).toContain('CVE-2021-3935')
    expect(holes(11_600)).not.toContain('CVE-2021-3935')
    expect(holes(11_601)).not.toContain('CVE-2026-107350')
  })

  it('leaves out what the package has corrected', () => {
    expect(outcome(check(12_600, {}, {corrected: ['CVE-2026-107350']}))).toEqual([])
  })

  it('says that the list does not know a newer one', () => {
    expect(check(12_700)).toMatchObject({summary: expect.stringContaining('newer than the list')})
  })
})

/** Debian's 1.18.0-1+deb12u1 has the correction of CVE-2025-2291, and the number of a release without it. */
const CHANGES = '/usr/share/doc/pgbouncer/changelog.Debian.gz'
const isCorrected =
  hasPgbouncer && existsSync(CHANGES) && execFileSync('zcat', [CHANGES], {maxBuffer: 2 ** 24}).includes('CVE-2025-2291')

it.skipIf(!isCorrected)('sees a correction that the package has under its old number', async () => {
  const server = await startServer({settings: {}})
  const real = await startPgbouncer({server, settings: {auth_type: 'scram-sha-256'}})
  try {
    const {sections} = await takeSnapshot(server.url(), 0, [real.console()])
    if (!sections.poolers.ok) throw new Error('nothing was read')
    const finding = only(judge(version, {poolers: sections.poolers.data}))
    expect(finding.detail).toContain('this package shows such a correction')
    expect(finding.evidence.map(({label}) => label)).not.toContain('CVE-2025-2291')
  } finally {
    await real.stop()
    await server.stop()
  }
})
