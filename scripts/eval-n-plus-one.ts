import {ORMS, SCHEMAS} from '../fixtures/workloads/orms.js'
import {type Plan, plans} from '../fixtures/workloads/run.js'
import {type Figures, figuresOf, judge, type Outcome, precisionOf, recallOf} from '../fixtures/workloads/score.js'
import {openStage, reportAfter, type Stage} from '../fixtures/workloads/stage.js'
import {judgeWindows} from '../fixtures/workloads/windows.js'

/**
 * Precision and recall of the N+1 detector over the labelled workloads, on a real server.
 * Arguments: any part of a run's name (`prisma`, `shop`, `tune`, `atomic`) selects the runs that have all of them;
 * `--no-windows` leaves the runs with a window away, `--full` runs every loop and its eager version (twice the time);
 * `--seed=N` gives other numbers: a match by chance shows with some of them only. Exits with 1 when the held half is below the goals.
 */
const GOALS = {recall: 0.95, precision: 0.98}

const HEAD = `${'group'.padEnd(26)} loops found  high recall | false alarms (high) of quiet workloads | precision`

const started = performance.now()
const words = process.argv.slice(2).filter(word => !word.startsWith('--'))
const seed = Number(process.argv.find(word => word.startsWith('--seed='))?.slice('--seed='.length) ?? 0)
const chosen = plans(ORMS, SCHEMAS, seed).filter(({name}) => words.every(word => name.split('/').includes(word)))
const isWhole = process.argv.includes('--full')
const stage = await openStage(SCHEMAS)
if (!stage.pooler) process.stderr.write('pgbouncer is not installed: its runs connect directly\n')
const outcomes: Outcome[] = []
try {
  for (const plan of chosen.filter(({isFirst}) => isFirst || isWhole)) outcomes.push(await once(stage, plan))
  if (!process.argv.includes('--no-windows')) outcomes.push(...(await judgeWindows(stage, chosen)))
} finally {
  await stage.close()
}
print(outcomes)
const held = figuresOf(outcomes.filter(({plan}) => plan.split === 'held'))
const passed = recallOf(held) >= GOALS.recall && precisionOf(held) >= GOALS.precision && held.falseHigh === 0
process.exitCode = passed || held.cases === 0 ? 0 : 1

async function once(on: Stage, plan: Plan): Promise<Outcome> {
  const outcome = judge(plan, 'snapshot', await reportAfter(on, plan))
  const {hits, misses, falseAlarms} = outcome
  process.stderr.write(`${plan.name}: ${hits.length} of ${hits.length + misses.length}, ${falseAlarms.length} false\n`)
  return outcome
}

function print(all: Outcome[]): void {
  const line = (name: string, some: Outcome[]) =>
    some.length > 0 && process.stdout.write(`${row(name, figuresOf(some))}\n`)
  const by = (title: string, groupOf: (outcome: Outcome) => string) => {
    process.stdout.write(`\n${HEAD.replace('group', title.padEnd(5))}\n`)
    for (const name of new Set(all.map(groupOf)))
      line(
        name,
        all.filter(outcome => groupOf(outcome) === name),
      )
  }
  by('half', ({plan}) => plan.split)
  by('mode', ({mode}) => mode)
  by('ORM', ({plan}) => plan.orm.name)
  by('schema', ({plan}) => plan.schema.name)
  by('pooling', ({plan}) => `${plan.pooling}, ${plan.atomic ? 'atomic' : 'autocommit'}`)
  printDetectors(all)
  printKinds(all)
  printErrors(all)
  line('\nall', all)
  const minutes = ((performance.now() - started) / 60_000).toFixed(1)
  process.stdout.write(`${all.length} runs in ${minutes} min\n`)
}

function row(name: string, figures: Figures): string {
  const {cases, found, high, falseAlarms, falseHigh, negatives} = figures
  const share = (value: number) => (Number.isNaN(value) ? '    -' : value.toFixed(3))
  const numbers = [cases, found, high].map(number => String(number).padStart(5)).join(' ')
  return `${name.padEnd(26)} ${numbers} ${share(recallOf(figures)).padStart(6)} | ${String(falseAlarms).padStart(12)} ${`(${falseHigh})`.padStart(6)} of ${String(negatives).padEnd(15)} | ${share(precisionOf(figures))}`
}

function printDetectors(all: Outcome[]): void {
  for (const detector of ['identity', 'windows']) {
    const of = <T extends {detector: string}>(list: T[]) => list.filter(each => each.detector === detector).length
    const right = all.reduce((sum, {hits}) => sum + of(hits), 0)
    const wrong = all.reduce((sum, {falseAlarms}) => sum + of(falseAlarms), 0)
    process.stdout.write(`\n${detector}: ${right} loops found, ${wrong} false`)
  }
}

function printKinds(all: Outcome[]): void {
  const kinds = new Map<string, [number, number]>()
  for (const {hits, misses} of all) {
    for (const [found, list] of [hits, misses].entries()) {
      for (const {kind} of list) {
        const counts = kinds.get(kind) ?? [0, 0]
        counts[found as 0 | 1]++
        kinds.set(kind, counts)
      }
    }
  }
  const texts = [...kinds].map(([kind, [found, missed]]) => `${kind} ${found}/${found + missed}`)
  process.stdout.write(`\n\nkinds: ${texts.join(', ')}\n`)
}

/** Of the held half only how many: who reads them would begin to tune on them. */
function printErrors(all: Outcome[]): void {
  for (const {plan, mode, misses, falseAlarms} of all) {
    if (plan.split === 'held' && !process.argv.includes('--show-held')) continue
    for (const {workload, label} of misses)
      process.stdout.write(`missed (${mode}) ${plan.name}: ${workload}: ${label}\n`)
    for (const {severity, subject, detail} of falseAlarms)
      process.stdout.write(`false ${severity} (${mode}) ${plan.name}: ${subject}: ${detail}\n`)
  }
}
