import {type Saving, savingEvidence, savingOf} from '../../derive/cache-saving.js'
import {lookedAt, MOST, type Query, queriesOf, queryEvidence, querySubject, shownText} from '../../derive/queries.js'
import {isWrite} from '../../derive/statement-text.js'
import {defineRule, type FindingDraft, type FixRequest} from '../../rule.js'
import {milliseconds, number, seconds} from '../../units.js'

export default defineRule({
  id: 'queries/cacheable',
  title: 'The same heavy aggregate is computed again and again',
  category: 'queries',
  needs: ['server', 'statements', 'statementTexts', 'statementsInfo'],
  options: {
    ttl: {default: 300, unit: 'seconds', help: 'how old a cached answer may be'},
    minMean: {default: 20, unit: 'milliseconds', help: 'faster ones need no cache'},
    minCalls: {default: 100, unit: 'count', help: 'calls in all'},
    minPerTtl: {default: 5, unit: 'count', help: 'calls within one ttl: fewer would hardly ever meet the same answer'},
    maxRows: {default: 1000, unit: 'count', help: 'rows per call: an answer that is small enough to be kept'},
    minBlocks: {default: 100, unit: 'count', help: 'blocks per call: an answer that is computed from much'},
    minShare: {default: 1, unit: 'percent', help: 'it must take this share of the time of all statements'},
    highShare: {default: 10, unit: 'percent', help: 'medium from this share on'},
  },
  severity: {
    medium: 'it takes highShare of all statement time, which an answer of a few minutes ago would save',
    low: 'it takes less',
  },
  why:
    'Sums over many rows hardly change from one minute to the next, yet each request computes them again. An answer ' +
    'that is kept for five minutes, and forgotten when its data changes, serves all requests in between.',
  references: ['https://docs.djangoproject.com/en/stable/topics/cache/'],
  check(input, options) {
    const {server, statementsInfo} = input
    const queries = queriesOf(input)
    const found = queries.filter(
      query =>
        isAggregate(query.text) &&
        query.meanMs >= options.minMean &&
        query.calls >= options.minCalls &&
        query.share >= options.minShare &&
        query.rows / query.calls <= options.maxRows &&
        (query.sharedHit + query.sharedRead) / query.calls >= options.minBlocks &&
        (savingOf(query, statementsInfo, server.now, options.ttl)?.perTtl ?? options.minPerTtl) >= options.minPerTtl,
    )
    return {
      summary: lookedAt(found.length, queries, 'are heavy aggregates with small answers that a cache could keep'),
      findings: found
        .slice(0, MOST)
        .map(query => draft(query, savingOf(query, statementsInfo, server.now, options.ttl), options)),
    }
  },
})

const AGGREGATE =
  /\bGROUP\s+BY\b|\b(?:count|sum|avg|min|max|array_agg|string_agg|jsonb?_agg|stddev|percentile_\w+)\s*\(/i
const LOCKS = /\bFOR\s+(?:NO\s+KEY\s+)?(?:UPDATE|SHARE)\b|\bFOR\s+KEY\s+SHARE\b/i
const isAggregate = (text: string) => AGGREGATE.test(text) && !isWrite(text) && !LOCKS.test(text)

function draft(query: Query, saving: Saving | null, {ttl, highShare}: {ttl: number; highShare: number}): FindingDraft {
  const {calls, rows, sharedHit, sharedRead, meanMs, share} = query
  return {
    severity: share >= highShare ? 'medium' : 'low',
    subject: querySubject(query),
    title:
      `An aggregate of ${milliseconds(meanMs)} runs again and again` +
      (saving ? `, ${number(saving.perTtl)} times in ${seconds(ttl)}` : ''),
    detail:
      `${shownText(query)} - ` +
      (saving
        ? `An answer that is kept for ${seconds(ttl)} would save up to ${number(Math.floor(saving.atMost))} % of them. `
        : 'Since when its calls are counted is not known, so neither is what a cache would save. ') +
      'How many different values it is called with was not seen: each needs an answer of its own.',
    evidence: [
      ...queryEvidence(
        query,
        {label: 'rows per call', value: rows / calls, unit: 'count'},
        {label: 'blocks per call', value: (sharedHit + sharedRead) / calls, unit: 'count'},
      ),
      ...savingEvidence(saving, ttl),
    ],
    confidence: 'estimated',
    fixes: [keepAnswer(ttl)],
  }
}

const keepAnswer = (ttl: number): FixRequest => ({
  kind: 'app',
  title: `Keep the answer for ${seconds(ttl)}, and forget it when its data changes`,
  by: {
    django: {
      where: 'the view (CACHES with django.core.cache.backends.redis.RedisCache in settings.py)',
      lines: [
        "key = f'chart-data:{project.pk}'",
        `data = cache.get_or_set(key, lambda: chart_data(project), ${ttl})`,
        '',
        '@receiver([post_save, post_delete], sender=WorkItem)',
        'def forget(instance, **kwargs):',
        "    transaction.on_commit(lambda: cache.delete(f'chart-data:{instance.project_id}'))",
      ],
      note: 'update() and bulk_create() send no signals: call forget there by hand.',
    },
    rails: {
      where: 'the controller',
      lines: [`Rails.cache.fetch(['chart-data', project], expires_in: ${ttl}.seconds) { ... }`],
    },
    plain: {
      where: 'the application',
      lines: [`Redis: SET chart-data:<project> <answer> EX ${ttl}; DEL chart-data:<project> after each write to it.`],
    },
  },
})
