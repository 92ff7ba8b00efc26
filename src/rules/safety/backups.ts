import {setting} from '../../derive/settings.js'
import {defineRule} from '../../rule.js'

export default defineRule({
  id: 'safety/backups',
  title: 'No copy of the data is kept up to date',
  category: 'safety',
  needs: ['server', 'settings', 'replicas', 'slots', 'tables'],
  settings: ['archive_mode'],
  options: {},
  severity: {info: 'neither archive nor standby nor slot: a dump may exist, which cannot be seen from here'},
  why:
    'A dump brings back yesterday; what was written since is lost with the disk. An archive of the WAL or a standby ' +
    'keeps it - and nothing of that is set up here.',
  references: ['https://www.postgresql.org/docs/current/continuous-archiving.html'],
  peers: ['PB', 'PD', 'CA', 'CP', 'PE'],
  check({server, settings, replicas, slots, tables}) {
    const mode = setting(settings, 'archive_mode').value
    const copies = replicas.length + slots.length
    const summary =
      `archive_mode = ${mode}, ${replicas.length} standbys or receivers connected, ` +
      `${slots.length} replication slots; dumps and snapshots of the disk cannot be seen`
    const isManaged = server.platformEvidence.length > 0
    // A standby is a copy; a managed platform makes its own, invisible from SQL; and an empty database loses nothing.
    if (mode !== 'off' || copies > 0 || server.inRecovery || isManaged || tables.length === 0) {
      return {summary, findings: []}
    }
    return {
      summary,
      findings: [
        {
          severity: 'info',
          subject: 'archive_mode',
          title: 'No WAL archive and no standby: what was written since the last dump is lost with the disk',
          detail:
            'Not seen from here: pg_dump jobs, snapshots of the disk, copies by the virtualisation. If one of them runs, ' +
            'and a restore was tried, and losing the time since then is acceptable, ignore this with that reason.',
          evidence: [
            {label: 'archive_mode', value: mode, source: 'pg_settings'},
            {label: 'standbys and receivers', value: replicas.length, unit: 'count', source: 'pg_stat_replication'},
            {label: 'replication slots', value: slots.length, unit: 'count', source: 'pg_replication_slots'},
          ],
          confidence: 'estimated',
          fixes: [
            {
              kind: 'action',
              title: 'Archive the WAL with a backup tool (pgBackRest, WAL-G, Barman), and try a restore',
              steps: [
                'Install the tool, and let it tell you its archive_command',
                {
                  text: 'Turn archiving on with it, then restart the server',
                  language: 'sql',
                  lines: ['ALTER SYSTEM SET archive_mode = on;'],
                },
                'Take a full backup, restore it on another machine, and note how long that took',
              ],
              note:
                'A failing archive_command keeps all WAL until the disk is full: watch it. ' +
                'For a small database a nightly pg_dump to another machine may be enough.',
            },
          ],
        },
      ],
    }
  },
})
