import {z} from 'zod'
import {PLATFORM_IDS} from '../fix/platform.js'
import {PHASE_NAMES} from '../loadtest/verdict/phases.js'
import {type OptionSpec, type Rule, SEVERITIES} from '../rule.js'
import {formatQuantity, parseQuantity, QUANTITY_HELP} from './quantity.js'

/** What `ahsp-db init` writes for a key: its meaning and a value to start from. */
export type KeyHelp = {description: string; example: string}

const help = (description: string, example: string): KeyHelp => ({description, example})

const whole = (what: string) => z.int({error: `expected ${what}`}).min(1, {error: `expected ${what}`})
const severity = z.enum(SEVERITIES)

/** A text that must be there: an ignore without a reason is a finding nobody will ever look at again. */
const text = (what: string) =>
  z
    .string()
    .trim()
    .min(1, {error: `expected ${what}`})

const quantity = (unit: Exclude<OptionSpec['unit'], 'names'>) =>
  z.union([z.string(), z.number()], {error: `expected ${QUANTITY_HELP[unit]}`}).transform((value, context) => {
    const parsed = parseQuantity(value, unit)
    if (parsed !== undefined) return parsed
    context.addIssue({code: 'custom', message: `expected ${QUANTITY_HELP[unit]}`, input: value})
    return z.NEVER
  })

const isDate = (value: string) => {
  const date = new Date(`${value}T00:00:00Z`)
  return /^\d{4}-\d{2}-\d{2}$/.test(value) && !Number.isNaN(date.getTime()) && date.toISOString().startsWith(value)
}

const load = z.strictObject({
  users: whole('a whole number of users, 1 or more')
    .optional()
    .meta(help('people using the application at once', '100')),
})

const app = z.strictObject({
  instances: whole('a whole number, 1 or more').default(1).meta(help('copies of the application that run', '2')),
  workers: whole('a whole number, 1 or more').default(1).meta(help('processes of each copy', '4')),
  threads: whole('a whole number, 1 or more').default(1).meta(help('threads of each process', '2')),
  poolSize: whole('a whole number, 1 or more')
    .optional()
    .meta(help("size of each process's connection pool, if any", '10')),
  requestTimeout: quantity('seconds')
    .optional()
    .meta(help('after this long the web server gives up on a request', '30s')),
})

const pgbouncer = z.strictObject({
  consoles: z
    .array(text('a URL or key=value string'))
    .optional()
    // biome-ignore lint/suspicious/noTemplateCurlyInString: it is what the user must type
    .meta(help('consoles; ${NAME} as in connection', '["host=pooler user=stats"]')),
  processes: whole('a whole number, 1 or more').optional().meta(help('processes like each (so_reuseport)', '1')),
  openFiles: whole('a whole number, 1 or more').optional().meta(help('open files of a process (LimitNOFILE)', '65536')),
})

const hardware = z.strictObject({
  ram: quantity('bytes').optional().meta(help("the database server's memory", '16GB')),
  diskFree: quantity('bytes').optional().meta(help('free on the disk that holds the data', '50GB')),
  cpus: whole('a whole number, 1 or more').optional().meta(help("the database server's processors", '4')),
  storage: z.enum(['ssd', 'hdd']).optional().meta(help('ssd or hdd', 'ssd')),
})

const share = (description: string, example: string) =>
  quantity('percent')
    .refine(value => value <= 100, {error: `expected ${QUANTITY_HELP.percent}`})
    .optional()
    .meta(help(description, example))

const latency = (description: string, example: string) =>
  quantity('milliseconds').optional().meta(help(description, example))

const phase = z.strictObject({
  users: whole('a whole number of users, 1 or more').optional().meta(help('concurrent users of the phase', '50')),
  success: share('more requests than these succeed', '98%'),
  errors: share('fewer requests than these fail', '2%'),
  p50: latency('the median is below', '300ms'),
  p95: latency('95 of 100 requests are faster', '750ms'),
  p99: latency('99 of 100 requests are faster', '1500ms'),
})

const history = z.strictObject({
  place: text('a folder or a URL')
    .optional()
    // biome-ignore lint/suspicious/noTemplateCurlyInString: it is what the user must type
    .meta(help('folder, or URL of a database (with ${NAME})', '.ahsp-db/history')),
  days: whole('a whole number of days, 1 or more').optional().meta(help('older runs are removed', '90')),
  count: whole('a whole number of runs, 1 or more').optional().meta(help('of one database', '1000')),
})

// biome-ignore lint/suspicious/noTemplateCurlyInString: it is what the user must type
const connection = text('a URL or key=value string').meta(help('where to connect', '${SHOP_URL}'))

/** A part of file names and of labels of metrics. */
const label = (what: string) =>
  z
    .string()
    .regex(/^[A-Za-z0-9][\w.-]{0,62}$/, {error: `expected a ${what} of letters, digits and . _ - (at most 63)`})
    .meta(help(what, what === 'name' ? 'shop' : 'production'))

// biome-ignore lint/suspicious/noTemplateCurlyInString: it is what the user must type
const TARGET_EXAMPLE = "[{name: shop, connection: '${SHOP_URL}', tags: [production]}]"

const optionSchema = (spec: OptionSpec) =>
  (spec.unit === 'names' ? z.array(text('a name')) : quantity(spec.unit))
    .optional()
    .meta(help(spec.help, formatQuantity(spec.default, spec.unit)))

const optionsOf = (rule: Rule) =>
  z.strictObject(Object.fromEntries(Object.entries(rule.options).map(([name, spec]) => [name, optionSchema(spec)])))

/** The whole file. Every key of every level is known here, so a misspelt one is told with what it may have meant. */
export function configSchema(rules: readonly Rule[]) {
  const ids = rules.map(rule => rule.id)
  const id = z.enum(ids)
  const selector = z.enum([...new Set([...ids, ...rules.map(rule => rule.category)])])
  const perRule = <T extends z.ZodType>(schema: (rule: Rule) => T) =>
    z.strictObject(Object.fromEntries(rules.map(rule => [rule.id, schema(rule).optional()])))
  const ignore = z.strictObject({
    rule: id.meta(help('rule whose finding is known', 'indexes/unused')),
    subject: text('the subject as the report prints it').meta(
      help('subject as the report prints it', `'"public"."orders_note_idx"'`),
    ),
    reason: text('why it may stay').meta(help('why it may stay; required', 'the monthly report uses it')),
    until: z
      .string()
      .refine(isDate, {error: 'expected a date such as 2027-03-01'})
      .optional()
      .meta(help('last day on which it is ignored', '2027-03-01')),
  })
  const ofTarget = {
    pgbouncer: pgbouncer.optional().meta({description: 'the pooler in front of it'}),
    load: load.optional().meta({description: 'what the server has to carry'}),
    app: app.optional().meta({description: 'how the application connects'}),
    hardware: hardware.optional().meta({description: 'what SQL cannot see'}),
    platform: z
      .enum(PLATFORM_IDS)
      .optional()
      .meta(help(`where the server runs: ${PLATFORM_IDS.join(', ')}`, 'debian')),
    failOn: severity.optional().meta(help(`exit with 1 from this severity on: ${SEVERITIES.join(', ')}`, 'high')),
    only: z.array(selector).optional().meta(help('judge by these rules or categories only', '[connections]')),
    skip: z
      .array(selector)
      .optional()
      .meta(help('leave these rules or categories out', '[observability/short-window]')),
    rules: perRule(optionsOf)
      .optional()
      .meta(
        help("options of single rules; 'ahsp-db explain RULE' lists them", '{connections/exhaustion: {warnAt: 70%}}'),
      ),
    severities: perRule(() => severity)
      .optional()
      .meta(help('severities of single rules', '{queries/slow: low}')),
    ignore: z.array(ignore).optional().meta({description: 'findings that are known and may stay'}),
  }
  return z.strictObject({
    connection: connection
      .optional()
      // biome-ignore lint/suspicious/noTemplateCurlyInString: it is what the user must type
      .meta(help('where to connect; ${NAME} is taken from the environment', '${DATABASE_URL}')),
    ...ofTarget,
    targets: z
      .array(z.strictObject({name: label('name'), connection, tags: z.array(label('tag')).optional(), ...ofTarget}))
      .optional()
      .meta(help('several servers for check --all; each may have the keys above, too', TARGET_EXAMPLE)),
    phases: z
      .strictObject(Object.fromEntries(PHASE_NAMES.map(name => [name, phase.optional()])))
      .optional()
      .meta(help(`limits of the load-test ladder: ${PHASE_NAMES.join(', ')}`, '{medium: {p95: 800ms, errors: 1%}}')),
    history: history.optional().meta({description: 'where check --save remembers runs'}),
  })
}
