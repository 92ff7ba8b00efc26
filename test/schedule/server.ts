import {chmod, mkdtemp, writeFile} from 'node:fs/promises'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import pg from 'pg'
import {type EmbeddedServer, startServer} from '../../src/embedded/server.js'
import {roleSql} from '../../src/role.js'

/** A server whose role ahsp_db, made as `init` tells, has to give its password. */
export async function serverWithRole(): Promise<EmbeddedServer> {
  const own = ['host all ahsp_db 127.0.0.1/32 scram-sha-256', 'local all all trust', 'host all all 127.0.0.1/32 trust']
  const server = await startServer({quick: true, hba: own})
  const client = new pg.Client({connectionString: server.url('postgres')})
  await client.connect()
  await client.query(roleSql('ahsp_db', 'postgres'))
  await client.query("ALTER ROLE ahsp_db PASSWORD 'of a test'")
  await client.end()
  return server
}

export const conninfoOf = ({port}: EmbeddedServer) => `host=127.0.0.1 port=${port} dbname=postgres user=ahsp_db`

/** A folder of an account that is nobody's, where tests may become it. */
export const NOBODY = 65_534
export const isRoot = process.getuid?.() === 0

/** What stands for /var/lib/ahsp-db and the password file, both of the account that runs it. */
export async function home(): Promise<{folder: string; passfile: string; password: (text: string) => Promise<void>}> {
  const {chown, mkdir} = await import('node:fs/promises')
  const outer = await mkdtemp(join(tmpdir(), 'ahsp-db-schedule-'))
  await chmod(outer, 0o755)
  const folder = join(outer, 'state')
  const passfile = join(outer, 'pgpass')
  await mkdir(folder, {mode: 0o700})
  const password = async (text: string) => {
    await writeFile(passfile, `*:*:*:ahsp_db:${text}\n`, {mode: 0o600})
    if (isRoot) await chown(passfile, NOBODY, NOBODY)
  }
  if (isRoot) await chown(folder, NOBODY, NOBODY)
  await password('of a test')
  return {folder, passfile, password}
}

/** The words of the unprivileged account in front of a command. */
export const asNobody: string[] = isRoot
  ? ['setpriv', `--reuid=${NOBODY}`, `--regid=${NOBODY}`, '--clear-groups', '--no-new-privs', '--']
  : []
