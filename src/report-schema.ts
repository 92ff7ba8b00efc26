import {z} from 'zod'

/**
 * The Report as a schema: the types (report.ts) and docs/report.schema.json are both derived from here.
 * Loaded at run time only when a foreign report is read; rendering needs the types alone.
 */
const severity = z.enum(['critical', 'high', 'medium', 'low', 'info'])
const scalar = z.union([z.string(), z.number()])

export const blockSchema = z
  .object({
    text: z.string().describe('one sentence: where and what'),
    language: z.enum(['conf', 'sql', 'sh', 'bat', 'python', 'ruby', 'js', 'text']),
    lines: z.array(z.string()).describe('exactly what to type; never wrapped'),
    file: z.string().optional(),
    line: z.number().int().optional(),
    place: z.string().optional().describe('where in the file, when the line has no number that is known'),
    replaces: z.string().optional().describe('the line as it stands now'),
  })
  .describe('lines to type, and where')

export const fixSchema = z.object({
  kind: z.enum(['setting', 'pooler', 'sql', 'app', 'action']),
  title: z.string(),
  risk: z.enum(['safe', 'review']),
  note: z.string().optional(),
  setting: z
    .object({
      name: z.string(),
      from: z.string().nullable(),
      to: z.string(),
      apply: z.enum(['reload', 'restart', 'reconnect']),
    })
    .optional(),
  lock: z.string().optional().describe('what an SQL fix locks, and for how long'),
  steps: z.array(blockSchema),
  alternative: z.array(blockSchema).describe('another way to the same end; empty: none'),
  verify: z.array(blockSchema),
  undo: z.array(blockSchema),
})

export const findingSchema = z.object({
  rule: z.string(),
  severity,
  subject: z.string(),
  title: z.string(),
  detail: z.string(),
  evidence: z.array(z.object({label: z.string(), value: scalar, unit: z.string().optional(), source: z.string()})),
  confidence: z.enum(['measured', 'estimated', 'assumed']),
  fixes: z.array(fixSchema),
  fingerprint: z.string(),
})

export const resultSchema = z.object({
  rule: z.string(),
  title: z.string(),
  category: z.string(),
  status: z.enum(['ok', 'found', 'skipped', 'error']),
  summary: z.string().describe('for ok: the value that was looked at; for skipped: why'),
  cure: z.string().optional().describe('for skipped: the grant or line that would let the rule judge'),
  findings: z.array(findingSchema),
})

export const reportSchema = z.object({
  format: z.literal('ahsp-db/report'),
  version: z.literal(1),
  tool: z.string(),
  target: z.object({host: z.string(), port: z.number(), database: z.string(), user: z.string()}),
  server: z
    .object({version: z.string(), platform: z.string(), platformEvidence: z.string(), inRecovery: z.boolean()})
    .nullable(),
  poolers: z
    .array(
      z.object({
        target: z.object({host: z.string(), port: z.number(), user: z.string()}),
        version: z.string().describe('e.g. 1.18.0'),
      }),
    )
    .default([])
    .describe('the PgBouncer processes whose consoles were read; with `server` null they are all that was read'),
  collectedAt: z.number().describe('seconds since 1970, by the server'),
  users: z.number().nullable(),
  statistics: z
    .object({since: z.number().nullable(), seconds: z.number().nullable()})
    .describe('what the counters cover'),
  verdict: z.object({
    ready: z.boolean().nullable().describe('null: cannot judge'),
    headline: z.string(),
    counts: z.object({
      critical: z.number(),
      high: z.number(),
      medium: z.number(),
      low: z.number(),
      info: z.number(),
      ok: z.number(),
      skipped: z.number(),
      error: z.number(),
      ignored: z.number(),
    }),
  }),
  partial: z.boolean(),
  warnings: z.array(z.string()),
  results: z.array(resultSchema).describe('by worst severity, then rule; findings by severity, then by weight'),
  ignored: z.array(z.object({rule: z.string(), subject: z.string(), reason: z.string(), until: z.string().optional()})),
})
