import type {EventEmitter} from 'node:events'

/** A refusal of ours, before any secret was sent. */
export class AuthRefusal extends Error {
  constructor(
    message: string,
    readonly hint: string,
  ) {
    super(message)
  }
}

export type AuthPolicy = {
  hasPassword: boolean
  encrypted: boolean
  channelBinding: 'disable' | 'prefer' | 'require'
  requireAuth?: string
}

const PLUS = 'SCRAM-SHA-256-PLUS'

/** libpq's names of the methods, for require_auth. */
export const AUTH_METHODS = ['password', 'md5', 'gss', 'sspi', 'scram-sha-256', 'oauth', 'none']

export function parseRequireAuth(text: string): {methods: string[]; negated: boolean} | undefined {
  const words = text.split(',').map(word => word.trim())
  const negated = words[0]!.startsWith('!')
  const methods = words.map(word => word.replace(/^!/, ''))
  const consistent = words.every(word => word.startsWith('!') === negated)
  return consistent && methods.every(method => AUTH_METHODS.includes(method)) ? {methods, negated} : undefined
}

/**
 * Watches the server's authentication requests before node-postgres answers them, and calls `refuse` for one that
 * the settings forbid or that needs a password nobody gave.
 */
export function guardAuthentication(wire: EventEmitter, policy: AuthPolicy, refuse: (error: AuthRefusal) => void) {
  let authenticated = false
  let bound = false
  let unproven = false
  const check = (method: string, needsPassword: boolean) => {
    const refusal = judge(method, bound, policy) ?? (needsPassword && !policy.hasPassword ? noPassword() : undefined)
    if (refusal) refuse(refusal)
  }
  const asked = (method: string) => () => {
    authenticated = true
    check(method, true)
  }
  wire.prependListener('authenticationCleartextPassword', asked('password'))
  wire.prependListener('authenticationMD5Password', asked('md5'))
  wire.prependListener('authenticationSASL', ({mechanisms}: {mechanisms: string[]}) => {
    bound = policy.encrypted && policy.channelBinding !== 'disable' && mechanisms.includes(PLUS)
    const scram = mechanisms.some(mechanism => mechanism.startsWith('SCRAM-'))
    unproven = scram
    asked(scram ? 'scram-sha-256' : 'oauth')()
  })
  wire.prependListener('authenticationSASLFinal', () => {
    unproven = false
  })
  wire.prependListener('authenticationOk', () => {
    // A server that lets us in without having proved that it knows the password has not done SCRAM at all.
    if (unproven) bound = false
    if (unproven || !authenticated) check('none', false)
  })
}

function judge(method: string, bound: boolean, {requireAuth, channelBinding}: AuthPolicy): AuthRefusal | undefined {
  const required = requireAuth ? parseRequireAuth(requireAuth) : undefined
  if (required && required.methods.includes(method) === required.negated) {
    return new AuthRefusal(
      `the server asks for ${method} authentication, which require_auth=${requireAuth} forbids`,
      "change the method in the server's pg_hba.conf, or require_auth",
    )
  }
  if (channelBinding !== 'require' || bound) return undefined
  return new AuthRefusal(
    `channel_binding=require, but the server's ${method} authentication does not bind the channel`,
    'it needs TLS and a scram-sha-256 password; else use channel_binding=prefer',
  )
}

const noPassword = () =>
  new AuthRefusal(
    'the server asks for a password and none was given',
    'set PGPASSWORD, add a line to ~/.pgpass, or put it into the connection URL',
  )
