import {type Cause, explainedBy} from '../cause.js'
import {meaningOf} from '../messages.js'

export default {
  id: 'CLIENT_LIMIT',
  title: 'PgBouncer took no more clients',
  rules: ['pooler/max-client-conn', 'pooler/open-file-limit'],
  check(given) {
    const {run} = given.facts
    const failed = explainedBy(given, 'CLIENT_LIMIT')
    const refused = run.refusals.filter(
      ({message, sqlstate}) => meaningOf(message, sqlstate)?.cause === 'CLIENT_LIMIT',
    ).length
    const shares = run.pools.flatMap(({usedClients, maxClientConn}) =>
      usedClients !== null && maxClientConn ? [{used: usedClients, most: maxClientConn}] : [],
    )
    const peak = shares.sort((a, b) => b.used / b.most - a.used / a.most)[0]
    if (!peak && failed + refused === 0) return {cannotJudge: 'no PgBouncer was watched (--pgbouncer CONNINFO)'}
    const isFull = peak !== undefined && peak.used >= peak.most
    const isProven = failed > 0 || refused > 0
    return {
      reached: Math.max(isProven ? 1 : 0, peak ? peak.used / peak.most : 0),
      fires: isProven || isFull,
      isMaterial: isProven,
      summary: `${peak ? `${peak.used} of ${peak.most} clients (max_client_conn); ` : ''}${refused} refusals recorded, ${failed} failed requests go with it`,
      confidence: isProven ? 'measured' : 'estimated',
      evidence: [
        ...(peak
          ? [
              {
                label: 'clients of PgBouncer',
                value: `${peak.used} of ${peak.most}`,
                source: 'SHOW LISTS, max_client_conn',
              },
            ]
          : []),
        {label: 'refusals recorded', value: refused, unit: 'count', source: 'the run file'},
        {label: 'failed requests that go with it', value: failed, unit: 'count', source: "the load generator's file"},
      ],
      look: ['max_client_conn in pgbouncer.ini, and LimitNOFILE of its service: each client takes a file.'],
    }
  },
} satisfies Cause as Cause
