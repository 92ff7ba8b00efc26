import {describe, expect, it} from 'vitest'
import {applySteps} from '../../src/fix/apply.js'
import {detectPlatform, PLATFORM_IDS} from '../../src/fix/platform.js'
import type {Setting} from '../../src/snapshot.js'
import {DEBIAN, paths, sections, server} from './sections.js'

const detect = (settings: Setting[], part = {}, override?: string) =>
  detectPlatform(sections({server: server(part), settings}), override)
const restart = (settings: Setting[], part = {}, override?: string) =>
  applySteps('restart', detect(settings, part, override)).flatMap(block => block.lines)
const reload = (settings: Setting[]) => applySteps('reload', detect(settings)).flatMap(block => block.lines)

describe('platform', () => {
  it.each([
    ['debian', DEBIAN, ['sudo systemctl restart postgresql@15-main'], ['sudo pg_ctlcluster 15 main reload']],
    [
      'debian',
      paths('/srv/pg', '/etc/postgresql/14/my-app/postgresql.conf'),
      ['sudo systemctl restart postgresql@14-my-app'],
      ['sudo pg_ctlcluster 14 my-app reload'],
    ],
    [
      'rhel',
      paths('/var/lib/pgsql/15/data'),
      ['sudo systemctl restart postgresql-15'],
      ['sudo systemctl reload postgresql-15'],
    ],
    ['rhel', paths('/var/lib/pgsql/data'), ['sudo systemctl restart postgresql'], ['sudo systemctl reload postgresql']],
    ['docker', paths('/var/lib/postgresql/data'), ['docker restart <container>'], ['SELECT pg_reload_conf();']],
    ['docker', paths('/var/lib/postgresql/18/docker'), ['docker restart <container>'], ['SELECT pg_reload_conf();']],
    [
      'homebrew',
      paths('/opt/homebrew/var/postgresql@15'),
      ['brew services restart postgresql@15'],
      ['SELECT pg_reload_conf();'],
    ],
    ['homebrew', paths('/usr/local/var/postgres'), ['brew services restart postgresql'], ['SELECT pg_reload_conf();']],
    [
      'windows',
      paths('C:/Program Files/PostgreSQL/15/data'),
      ['net stop postgresql-x64-15', 'net start postgresql-x64-15'],
      ['SELECT pg_reload_conf();'],
    ],
    [
      'pg_ctl',
      paths("/srv/it's pg"),
      ["pg_ctl -D '/srv/it'\\''s pg' restart"],
      ["pg_ctl -D '/srv/it'\\''s pg' reload"],
    ],
  ] as const)('%s', (id, settings, restartLines, reloadLines) => {
    const platform = detect([...settings])
    expect(platform).toMatchObject({id, managed: false, grant: null})
    expect(platform.evidence).toContain('_')
    expect(restart([...settings])).toEqual(restartLines)
    expect(reload([...settings])).toEqual(reloadLines)
  })

  it('prints the commands of Linux and Windows, and the grant, when the paths are hidden', () => {
    const hidden = detect([], {user: 'read"er'})
    expect(hidden).toMatchObject({id: 'unknown', configFile: null, grant: 'GRANT pg_monitor TO "read""er";'})
    expect(restart([])).toEqual([
      'sudo systemctl restart postgresql',
      'net stop postgresql-x64-15',
      'net start postgresql-x64-15',
    ])
  })

  it('takes Windows and Homebrew from version() when the paths are hidden', () => {
    expect(detect([], {build: 'PostgreSQL 15.4, compiled by Visual C++ build 1914, 64-bit'}).id).toBe('windows')
    expect(detect([], {build: 'PostgreSQL 17.0 on x86_64-windows, compiled by msvc-19.41.34120, 64-bit'}).id).toBe(
      'windows',
    )
    expect(detect([], {build: 'PostgreSQL 15.4 (Homebrew) on aarch64-apple-darwin22'})).toMatchObject({
      id: 'homebrew',
      service: 'postgresql@15',
    })
    // Debian's packages are also in the Docker image: that would be a guess.
    expect(detect([], {build: 'PostgreSQL 15.18 (Debian 15.18-1.pgdg12+1) on x86_64-pc-linux-gnu'}).id).toBe('unknown')
  })

  it('believes the managed evidence, the narrower one first, and shows no paths then', () => {
    const platformEvidence = [
      {platform: 'rds', evidence: 'setting rds.extensions exists'},
      {platform: 'aurora', evidence: 'function aurora_version exists'},
    ]
    expect(detect(paths('/rdsdbdata/db'), {platformEvidence})).toMatchObject({
      id: 'aurora',
      managed: true,
      configFile: null,
      evidence: 'function aurora_version exists',
    })
  })

  it('lets --platform decide, with defaults for what it cannot see', () => {
    expect(restart([], {}, 'debian')).toEqual(['sudo systemctl restart postgresql@15-main'])
    expect(restart([], {}, 'rhel')).toEqual(['sudo systemctl restart postgresql-15'])
    expect(restart([], {}, 'pg_ctl')).toEqual(["pg_ctl -D '<data_directory>' restart"])
    expect(detect(DEBIAN, {}, 'rds')).toMatchObject({id: 'rds', managed: true, evidence: 'given with --platform'})
    for (const id of PLATFORM_IDS) expect(detect([], {}, id).id).toBe(id)
    expect(() => detect([], {}, 'amiga')).toThrow('unknown platform "amiga"')
  })
})
