import type {Report} from '../../report.js'
import type {Snapshot} from '../../snapshot.js'
import {number} from '../../units.js'
import {VERSION} from '../../version.js'
import type {ClientRun} from '../client.js'
import type {Compared} from '../journey/row.js'
import {limitsOf} from '../limits.js'
import type {Run} from '../record.js'
import {type LadderStep, stepOf} from '../steps.js'
import {actionsOf} from './actions.js'
import {bottleneckOf} from './bottleneck.js'
import {criteriaOf, errorsOf} from './criteria.js'
import {distinct, earlierWarnings, lowerSteps} from './earlier.js'
import {type Facts, factsOf} from './facts.js'
import {failuresOf} from './failures.js'
import {headlineOf, passedOf} from './headline.js'
import {measuredConditions} from './measured.js'
import {goOf} from './next.js'
import {aligned, type Parts, partsOf} from './parts.js'
import {peaksOf, type ToldPeaks} from './peaks.js'
import {type Phase, phaseAfter, phaseAt} from './phases.js'
import {predictedConditions} from './predicted.js'
import type {LoadVerdict, Next} from './types.js'

export type VerdictInput = {
  run: Run
  /** null: no file of a load generator was given */
  client: ClientRun | null
  /** runs of lower steps, for the prediction */
  earlier: readonly Compared[]
  ladder: readonly Phase[]
  /** what was told; null: by the files, by the users, the ladder's next step */
  users: number | null
  phase: string | null
  nextUsers: number | null
  peaks: ToldPeaks
  cores: number | null
  /** the client's times were told with --from and --to: by the watcher's clock */
  isTold: boolean
  /** judges the snapshot at the end by the rules of the causes */
  analyze: (snapshot: Snapshot, users: number | null) => Promise<Report>
}

/**
 * Why it broke, which failures the database explains, and whether the next step is safe. Pure but for `analyze`. Throws
 * USAGE (exit 2) when the files have no second in common.
 */
export async function judgeRun(input: VerdictInput): Promise<LoadVerdict> {
  const {run, ladder} = input
  const alignment = input.client ? aligned(run, input.client, input.isTold) : {client: null, warnings: []}
  const {client} = alignment
  const parts = partsOf(run, client, input.users)
  const {users} = parts
  const cores = input.cores ?? run.start.cpus
  const end = run.snapshots.end
  const report = end ? await input.analyze(end, users) : null
  const facts = factsOf({...parts, run, client, cores, report})
  const phase = ladder.find(({name}) => name === input.phase) ?? (users === null ? null : phaseAt(ladder, users))
  const {criteria, failures, measured, passed, bottleneck} = judgeStep(facts, phase)
  const next = nextStep(input, facts, measured, parts, phase)
  return {
    format: 'ahsp-db/loadtest-verdict',
    version: 1,
    tool: VERSION,
    headline: headlineOf(next, failures, bottleneck.causes, phase?.name ?? null),
    target: run.start.target,
    run: {...runOf(facts, parts), phase: phase?.name ?? null, phaseSource: phaseSource(input, phase, users)},
    passed,
    criteria,
    bottleneck,
    failures,
    peaks: peaksOf(facts, input.peaks),
    actions: actionsOf(bottleneck.causes, failures.groups, next.conditions),
    next,
    warnings: [
      ...new Set([
        ...parts.warnings,
        ...alignment.warnings,
        ...warningsOf(run, client),
        ...earlierWarnings(run, input.earlier, users),
      ]),
    ],
  }
}

/** The step by itself: passed or not, and what broke it. */
function judgeStep(facts: Facts, phase: Phase | null) {
  const errors = errorsOf(facts)
  const criteria = phase ? criteriaOf(phase, facts, errors) : []
  const failures = failuresOf(facts)
  const measured = measuredConditions(facts, phase, errors, criteria)
  const passed = passedOf(criteria)
  const isHealthy = passed === true && failures.explained === 0 && measured.every(({result}) => result !== 'failed')
  const latencies = criteria.filter(({name}) => /^P\d/.test(name)).map(({result}) => result)
  const isSlow = latencies.includes('fail') || latencies.every(result => result === 'cannot judge')
  return {criteria, failures, measured, passed, bottleneck: bottleneckOf({facts, failures, isHealthy, isSlow})}
}

function nextStep(
  {ladder, nextUsers, run, earlier}: VerdictInput,
  facts: Facts,
  measured: Next['conditions'],
  parts: Parts,
  phase: Phase | null,
): Next {
  const after = facts.users === null ? null : phaseAfter(ladder, facts.users)
  const users = nextUsers ?? after?.users ?? null
  const limits = limitsOf(run, {cores: facts.cores, p95Ms: phase?.p95 ?? null})
  const tested = facts.users
  const steps = [...lowerSteps(earlier, tested), ...stepsOf(run, facts, parts)]
  const predicted =
    users === null || tested === null ? null : predictedConditions(tested, users, ladder, distinct(steps), limits)
  const conditions = [...measured, ...(predicted?.conditions ?? [])]
  const phaseName = users === null ? null : phaseAt(ladder, users).name
  return {verdict: goOf(conditions), users, phase: phaseName, basedOn: predicted?.basedOn ?? [], conditions}
}

/** The lower plateaus of the same run, and the one that is judged. */
function stepsOf(run: Run, {client, users, step}: Facts, {plateaus, plateau}: Parts): LadderStep[] {
  const lower = plateaus.flatMap(({users: at, from, to}) =>
    at === null || from === null || to === null || users === null || at >= users ? [] : [{users: at, from, to}],
  )
  const steps = plateau ? lower.map(span => stepOf(run, client, span)) : []
  return [...steps, step]
}

const runOf = ({whole, steady, step, users, client}: Facts, {plateau}: Parts) => ({
  ...whole,
  users,
  steady: plateau?.from == null ? null : steady,
  client: client?.format ?? null,
  requests: client?.total.requests ?? null,
  requestsPerSecond: step.requestsPerSecond,
})

function phaseSource({phase: told}: VerdictInput, phase: Phase | null, users: number | null): string {
  if (!phase) return 'the number of users is not known: give --users N'
  if (told !== null) return 'as told (--phase)'
  const rule = `the ladder's step at or below ${number(users ?? 0)} users`
  return users !== null && users < phase.users ? `the ladder's first step: ${number(users)} users are below it` : rule
}

/** What the readers of the files had to say is a warning, too. */
function warningsOf(run: Run, client: ClientRun | null): string[] {
  const exceptions = client?.exceptions.reduce((sum, {count}) => sum + count, 0) ?? 0
  return [
    ...run.notes,
    ...(client?.notes ?? []),
    ...(exceptions > 0 ? [`${number(exceptions)} exceptions of the load script itself: no requests that failed`] : []),
    ...(client?.thresholds.filter(({ok}) => !ok) ?? []).map(
      ({metric, expression}) => `the load generator's own threshold failed: ${metric} ${expression}`,
    ),
  ]
}
