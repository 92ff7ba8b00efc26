import {setting} from '../../derive/settings.js'
import {defineRule} from '../../rule.js'

export default defineRule({
  id: 'safety/checksums',
  title: 'Damage on disk goes unnoticed',
  category: 'safety',
  needs: ['server', 'settings'],
  uses: ['replicas'],
  settings: ['data_checksums'],
  options: {},
  severity: {low: 'no checksums: nothing is broken, but nobody would notice when it is'},
  why:
    'Without checksums PostgreSQL trusts whatever the disk returns: a flipped bit ends in results, standbys and backups. ' +
    'They cost one or two percent, and PostgreSQL 18 has them on by default.',
  references: ['https://www.postgresql.org/docs/current/app-pgchecksums.html'],
  peers: ['PB', 'PE', 'CP'],
  check({server, settings, replicas}) {
    const {value} = setting(settings, 'data_checksums')
    const summary = `data_checksums = ${value}`
    if (value !== 'off') return {summary, findings: []}
    const hasStandby = server.inRecovery || (replicas.ok && replicas.data.length > 0)
    const directory = settings.find(({name}) => name === 'data_directory')?.value ?? '<data_directory>'
    return {
      summary,
      findings: [
        {
          severity: 'low',
          subject: 'data_checksums',
          title: 'Data pages have no checksums: damage on disk goes unnoticed',
          detail:
            'No damage was seen; without checksums none would be. The next upgrade by dump and restore, or a planned ' +
            'downtime, is the time to turn them on.',
          evidence: [{label: 'data_checksums', value: 'off', source: 'pg_settings'}],
          confidence: 'measured',
          fixes: [
            {
              kind: 'action',
              title: 'Turn checksums on while the server is stopped (every file is read and written once)',
              steps: [
                'Take a backup, and stop the server cleanly',
                {
                  text: 'As the user that owns the data directory',
                  language: 'sh',
                  lines: [`pg_checksums --enable --progress -D '${directory.replaceAll("'", "'\\''")}'`],
                },
                'Start the server. The way back: stop it again, pg_checksums --disable, start',
              ],
              note: hasStandby
                ? 'Do the same on each standby while all are stopped, or rebuild them: primary and standbys must agree.'
                : 'About a minute per 10 GB on an SSD.',
            },
          ],
        },
      ],
    }
  },
})
