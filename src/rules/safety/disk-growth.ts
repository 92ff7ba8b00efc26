import {diskGrowth} from '../../derive/disk-growth.js'
import {rateAtTarget, timeLeft} from '../../derive/time-to-failure.js'
import {defineRule, type Severity} from '../../rule.js'
import {qualified, quoteIdent} from '../../sql/quote.js'
import {bytes, date, seconds} from '../../units.js'

const DAY = 86_400

export default defineRule({
  id: 'safety/disk-growth',
  title: 'The disk will be full',
  category: 'safety',
  needs: ['server', 'databases', 'activity'],
  uses: ['tables'],
  asksFor: 'baseline',
  options: {
    minWindow: {default: 3600, unit: 'seconds', help: 'a baseline younger than this gives no rate'},
    highWithin: {default: 7 * DAY, unit: 'seconds', help: 'high when the disk is full within this time'},
    mediumWithin: {default: 30 * DAY, unit: 'seconds', help: 'medium when within this time'},
    lowWithin: {default: 90 * DAY, unit: 'seconds', help: 'low when within this time'},
  },
  severity: {
    high: 'full within highWithin at the rate since the baseline: a full disk stops every write',
    medium: 'full within mediumWithin: time to order storage or to delete',
    low: 'full within lowWithin',
  },
  why:
    'A full disk stops every write, and a full WAL disk the server. The rate between two snapshots tells when, if the ' +
    'free space is told: SQL cannot see it.',
  references: ['https://www.postgresql.org/docs/current/disk-full.html'],
  check({server, databases, activity, tables}, options, context) {
    if (!context.baseline)
      return {cannotJudge: 'growth needs an earlier snapshot', cure: 'ahsp-db check --baseline FILE'}
    const now = {server, databases, tables: tables.ok ? tables.data : null, at: activity.at}
    const growth = diskGrowth(now, context.baseline.snapshot)
    if (typeof growth === 'string') return {cannotJudge: growth}
    if (growth.seconds < options.minWindow) return {cannotJudge: `the baseline is only ${seconds(growth.seconds)} old`}
    const grew = `${bytes(Math.abs(growth.grown))} in ${seconds(growth.seconds)}`
    if (growth.grown <= 0) return {summary: `the database did not grow (${grew} less)`, findings: []}
    if (!context.diskFreeBytes) {
      return {
        cannotJudge: `the database grew by ${grew}; how much is free on its disk is not known`,
        cure: 'ahsp-db check --baseline FILE --disk-free 50GB   # or hardware: diskFree: in ahsp-db.yaml',
      }
    }
    const until = (ratePerSecond: number) =>
      timeLeft({used: 0, limit: context.diskFreeBytes!, ratePerSecond, now: activity.at})!
    const target = rateAtTarget(growth.perSecond, context)
    const left = until(Math.max(growth.perSecond, target ?? 0))
    const summary = `the database grew by ${grew}: the disk is full on ${date(left.at)}`
    if (left.seconds > options.lowWithin) return {summary, findings: []}
    const severity: Severity =
      left.seconds <= options.highWithin ? 'high' : left.seconds <= options.mediumWithin ? 'medium' : 'low'
    const growers = growth.tables.map(({schema, name, grown}) => `${qualified(schema, name)}: ${bytes(grown)}`)
    return {
      summary,
      findings: [
        {
          severity,
          subject: `database ${quoteIdent(server.database)}`,
          title: `The disk is full on ${date(left.at)} at ${target ? "the target users' rate" : 'the present rate'}`,
          detail:
            'A straight line between two snapshots: a one-off import looks like growth. WAL, logs and other databases ' +
            'come on top. Sizes are those of the last vacuum or ANALYZE.',
          evidence: [
            {
              label: 'growth',
              value: growth.grown,
              unit: 'bytes',
              source: `the baseline, ${seconds(growth.seconds)} ago`,
            },
            {label: 'growth per day', value: growth.perSecond * DAY, unit: 'bytes', source: 'divided by that time'},
            {label: 'free', value: context.diskFreeBytes, unit: 'bytes', source: 'as told'},
            {label: 'full in', value: left.seconds, unit: 'seconds', source: 'free space / rate'},
          ],
          confidence: 'estimated',
          fixes: [
            {
              kind: 'action',
              title: 'Find out what grows, and give it room or an end',
              risk: 'review',
              steps: [
                growers.length > 0 ? `Grown most: ${growers.join('; ')}` : 'Compare the sizes of the largest tables',
                'Delete what is no longer needed (by partitions where it comes with time), or enlarge the disk in time',
              ],
            },
          ],
        },
      ],
    }
  },
})
