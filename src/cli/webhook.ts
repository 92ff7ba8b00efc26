import * as Flags from '@oclif/core/flags'
import type {Diff} from '../diff/diff-types.js'
import {CliError, EXIT, usageError} from '../errors.js'
import type {Outcome} from '../render/outcome.js'
import {WEBHOOK_FORMATS, type WebhookFormat} from '../webhook/body.js'
import type {PostOptions} from '../webhook/post.js'

export const webhookFlags = {
  webhook: Flags.string({
    description: 'post a short summary there (titles of findings; no statements, hosts or users); env:NAME reads it',
    helpValue: 'URL|env:NAME',
  }),
  'webhook-format': Flags.option({
    options: WEBHOOK_FORMATS,
    dependsOn: ['webhook'],
    description: 'what the other side takes (default: slack)',
  })(),
}

export type Webhook = {url: URL; format: WebhookFormat}

/**
 * The flags, looked at before anything is read; undefined: nothing is sent. The address is a secret, and command lines
 * are seen by others: `env:NAME` takes it from the environment. Throws usage errors (exit 2).
 */
export async function webhookOf(
  flags: {webhook?: string; 'webhook-format'?: WebhookFormat},
  env: NodeJS.ProcessEnv = process.env,
): Promise<Webhook | undefined> {
  if (flags.webhook === undefined) return undefined
  const {webhookUrl} = await import('../webhook/post.js')
  const name = /^env:(.*)$/s.exec(flags.webhook)?.[1]
  const text = name === undefined ? flags.webhook : env[name]
  if (!text) throw usageError(`--webhook: the variable ${JSON.stringify(name ?? '')} is not set`, 'export it')
  return {url: webhookUrl(text), format: flags['webhook-format'] ?? 'slack'}
}

/**
 * Sends the summary; to be called when the report is written. Throws CliError (exit 6) when it was not taken. Nothing
 * is sent without --webhook.
 */
export async function sendSummary(
  webhook: Webhook | undefined,
  outcome: Outcome,
  diff?: Diff | null,
  options: PostOptions = {},
): Promise<void> {
  if (!webhook) return
  const [{summaryOf}, {bodyOf}, {post}] = await Promise.all([
    import('../webhook/summary.js'),
    import('../webhook/body.js'),
    import('../webhook/post.js'),
  ])
  await post(webhook.url, bodyOf(summaryOf(outcome, diff), webhook.format), options)
}

/** That there is no report is news, too: its code is sent, and the error goes on to be thrown. */
export async function sendFailure(webhook: Webhook | undefined, error: unknown): Promise<void> {
  // No news: what was not sent or written is told by its own error, and the other run sends its summary itself.
  const isOther = error instanceof CliError && (error.exit === EXIT.output || error.exit === EXIT.busy)
  if (!webhook || isOther) return
  const {ConnectError} = await import('../connect/error.js')
  const name = error instanceof ConnectError ? error.target.database : 'ahsp-db'
  const code = error instanceof CliError ? error.code : 'INTERNAL'
  try {
    await sendSummary(webhook, {name, report: null, snapshot: null, error: {code, message: ''}})
  } catch (failure) {
    process.stderr.write(`${(failure as CliError).line ?? failure}\n`)
  }
}
