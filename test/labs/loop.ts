import {readdirSync} from 'node:fs'
import {fileURLToPath, pathToFileURL} from 'node:url'
import {afterAll, beforeAll, describe, expect, it} from 'vitest'
import {HEALTHY_CONTEXT, HEALTHY_OPTIONS, type Lab} from '../../fixtures/lab.js'
import {hasPgbouncer} from '../../fixtures/pgbouncer.js'
import {analyze} from '../../src/analyze.js'
import {loadConfig} from '../../src/config.js'
import {markdown} from '../../src/render/markdown.js'
import type {Report, Result} from '../../src/report.js'
import {rules} from '../../src/rules/index.js'
import {binDirOf} from '../postgres.js'
import {takeSnapshot} from '../snapshot.js'
import {applyVerbatim, printedFix} from './apply.js'
import {expectFaster, measure, sendWorkload} from './execution.js'
import {healthyTemplate, PLAIN_ROLE, type Running, startLab} from './server.js'

const LABS = fileURLToPath(new URL('../../fixtures/labs/', import.meta.url))

/** `indexes/duplicate`, also a second lab of the same rule: `connections/exhaustion.threads` */
const labNames = () =>
  readdirSync(LABS, {withFileTypes: true})
    .filter(entry => entry.isDirectory())
    .flatMap(({name}) => readdirSync(LABS + name).map(file => `${name}/${file.replace(/\.ts$/, '')}`))
    .sort()

/** Debian's PgBouncer 1.18 is what these warn of. */
const OLD_PGBOUNCER = ['pooler/version']

/** Longer than a check gives it: what is shown here is not how fast this machine is. */
const ADVICE_MS = 30_000

const ruleOf = (labName: string) => labName.replace(/\..*$/, '')

async function check(server: Running, lab?: Lab, only?: string, user?: string): Promise<Report> {
  const consoles = server.pooler ? [server.pooler.console()] : []
  const window = lab?.windowSeconds ?? (server.pooler ? 1 : 0)
  const adviceMs = only === undefined || only === 'indexes/missing' ? ADVICE_MS : undefined
  const snapshot = await takeSnapshot(server.url(user), window, consoles, adviceMs)
  const config = await loadConfig(undefined, rules as never, {})
  const options = {
    ...HEALTHY_OPTIONS,
    ...(lab?.options && only ? {[only]: {...HEALTHY_OPTIONS[only], ...lab.options}} : {}),
  }
  return analyze(
    snapshot,
    {...config, only: only ? [only] : [], rules: options},
    {...HEALTHY_CONTEXT, ...lab?.context},
    rules as never,
  )
}

const resultOf = (report: Report): Result => {
  expect(report.results).toHaveLength(1)
  return report.results[0]!
}

/** The lab, with the baseline that it wants to be compared with. */
async function prepared(lab: Lab, server: Running): Promise<Lab> {
  if (!lab.baseline) return lab
  await lab.baseline(server)
  const baseline = {file: 'before.json', snapshot: await takeSnapshot(server.url())}
  return {...lab, context: {...lab.context, baseline}}
}

async function prove(labName: string, described: Lab, server: Running): Promise<void> {
  const rule = ruleOf(labName)
  const lab = await prepared(described, server)
  await lab.ill?.(server)
  await sendWorkload(lab, server)
  const ill = await check(server, lab, rule)
  const result = resultOf(ill)
  expect(result, `${rule} must fire`).toMatchObject({status: 'found'})
  const named = (subject: string) =>
    typeof lab.subject === 'string' ? subject === lab.subject : lab.subject.test(subject)
  const finding = result.findings.find(({subject}) => named(subject))!
  expect(finding, `${result.findings.map(({subject}) => subject)} must have ${lab.subject}`).toBeDefined()

  await provePlainRole(lab, rule, server)

  const before = await measure(lab, server)
  const chosen = lab.fix === 'all' ? finding.fixes.map((_, at) => at) : [lab.fix ?? 0]
  const kind = finding.fixes[chosen[0]!]?.kind
  if (lab.cure) {
    expect(['app', 'action'], 'only such a fix may be applied by other means').toContain(kind)
    await lab.cure(server)
  } else {
    const text = markdown(ill)
    const part = lab.alternative ? 'Or instead' : 'Do'
    for (const fix of chosen) await applyVerbatim(printedFix(text, rule, finding.subject, fix, part), server)
  }
  await lab.afterFix?.(server)
  expectFaster(before, await measure(lab, server))
  const cured = resultOf(await check(server, lab, rule))
  expect(cured, `${rule} must be ok after its fix`).toMatchObject({status: 'ok', findings: []})
}

/** Without privileges: skipped with the grant that lets it see, or found because everybody sees it; never a silent ok. */
async function provePlainRole(lab: Lab, rule: string, server: Running): Promise<void> {
  const blind = resultOf(await check(server, lab, rule, PLAIN_ROLE))
  if (lab.plainRole === 'found') {
    expect(blind, 'a role without grants sees it too').toMatchObject({status: 'found'})
    return
  }
  expect(blind, 'a role without grants cannot judge').toMatchObject({
    status: 'skipped',
    cure: expect.stringMatching(/^GRANT /),
  })
  await server.sql(blind.cure!.split(/;\s*/).filter(Boolean))
  const granted = resultOf(await check(server, lab, rule, PLAIN_ROLE))
  expect(granted, `${blind.cure} must be enough`).toMatchObject({status: 'found'})
}

/** The heart of the tests: every lab on a real server of this major version. */
export function closeTheLoop(major: number): void {
  const binDir = binDirOf(major)
  if (binDir === null) {
    it.skip(`PostgreSQL ${major} is not installed here: its labs are skipped`)
    return
  }
  let template: string
  beforeAll(async () => {
    template = (await healthyTemplate(binDir)).dataDir
  })
  let running: Running | undefined
  const started = async (lab?: Lab) => {
    running = await startLab(binDir, template, lab)
    return running
  }
  afterAll(async () => running?.stop())

  it('the healthy server: every rule is ok, none is silent for lack of data', async () => {
    const server = await started()
    try {
      const {results} = await check(server)
      expect(
        results.filter(({status}) => status !== 'ok').map(({rule, status, summary}) => ({rule, status, summary})),
      ).toEqual([])
    } finally {
      await server.stop()
    }
  })

  it.skipIf(!hasPgbouncer)('a healthy PgBouncer before it: no rule about poolers finds anything', async () => {
    const server = await started({subject: '', plainRole: 'found', pooler: {}})
    try {
      const client = await server.session({through: server.pooler!})
      await client.query('SELECT 1')
      const {results} = await check(server)
      const about = results.filter(({category}) => category === 'pooler')
      expect(about.length).toBeGreaterThan(0)
      expect(
        about
          .filter(({rule, status}) => status !== 'ok' && !OLD_PGBOUNCER.includes(rule))
          .map(({rule, status, summary}) => ({rule, status, summary})),
      ).toEqual([])
    } finally {
      await server.stop()
    }
  })

  describe.each(labNames())('%s', labName => {
    it('fires, its printed fix cures it, and without privileges it says so', async context => {
      const {default: lab} = (await import(/* @vite-ignore */ pathToFileURL(`${LABS}${labName}.ts`).href)) as {
        default: Lab
      }
      if (lab.notOn?.majors.includes(major)) return context.skip(lab.notOn.reason)
      if (lab.pooler && !hasPgbouncer) return context.skip('needs the program pgbouncer')
      const server = await started(lab)
      try {
        await prove(labName, lab, server)
      } finally {
        await server.stop()
      }
    })
  })
}
