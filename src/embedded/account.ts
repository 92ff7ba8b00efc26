import {spawnSync} from 'node:child_process'

/** The operating-system account the server runs under; null: our own. */
export type Account = {uid: number; gid: number} | null

export type AccountChoice = {ok: true; account: Account} | {ok: false; reason: string}

let choice: AccountChoice | undefined

/**
 * PostgreSQL refuses to run as root: then an existing unprivileged account is borrowed (`postgres`, else `nobody`).
 * None is ever created.
 */
export function serverAccount(): AccountChoice {
  choice ??= chooseAccount()
  return choice
}

function chooseAccount(): AccountChoice {
  if (process.getuid?.() !== 0) return {ok: true, account: null}
  for (const name of ['postgres', 'nobody']) {
    const uid = numericId('-u', name)
    const gid = numericId('-g', name)
    if (uid && gid) return {ok: true, account: {uid, gid}}
  }
  return {ok: false, reason: 'PostgreSQL does not run as root, and there is no account postgres or nobody to run it as'}
}

function numericId(flag: '-u' | '-g', name: string): number | undefined {
  const {status, stdout} = spawnSync('id', [flag, name], {encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore']})
  // macOS prints nobody (-2) as 4294967294, which spawn() takes only as a signed number.
  return status === 0 ? Number(stdout.trim()) | 0 : undefined
}
