import {spawnSync} from 'node:child_process'
import {expect, test} from 'vitest'
import {parse, parseAllDocuments} from 'yaml'
import {cron} from '../../src/schedule/cron.js'
import {github} from '../../src/schedule/github.js'
import {gitlab} from '../../src/schedule/gitlab.js'
import {k8s} from '../../src/schedule/k8s.js'
import type {Plan} from '../../src/schedule/plan.js'
import {CONNINFO, plan} from './plans.js'

const configured = plan({command: ['check', '--all', '--save'], config: 'ahsp-db.yaml'})
const documents = (given: Plan) => parseAllDocuments(k8s(given)[0]!.text).map(each => each.toJS())
const hasKubectl = spawnSync('kubectl', ['version', '--client']).status === 0

/** Every path of a value that is no object, with it. */
const leaves = (value: unknown, path = ''): [string, unknown][] =>
  value !== null && typeof value === 'object' && Object.keys(value).length > 0
    ? Object.entries(value).flatMap(([key, inner]) => leaves(inner, `${path}/${key}`))
    : [[path, value]]

test.skipIf(!hasKubectl)('kubectl knows every field of the CronJob, and each has its type', () => {
  for (const given of [plan({image: 'registry.example/ahsp-db:1'}), configured]) {
    const [, cronJob] = documents(given)
    const arguments_ = ['set', 'image', '--local', '-f', '-', 'ahsp-db=another:1', '-o', 'json']
    // It reads the manifest into the types of the API: what these do not have is gone from its answer.
    const answer = spawnSync('kubectl', arguments_, {input: JSON.stringify(cronJob), encoding: 'utf8'})
    expect(answer.stderr).toBe('')
    const known = new Map(leaves(JSON.parse(answer.stdout)))
    const lost = leaves(cronJob).filter(([path, value]) => JSON.stringify(known.get(path)) !== JSON.stringify(value))
    expect(lost.map(([path]) => path)).toEqual(['/spec/jobTemplate/spec/template/spec/containers/0/image'])
  }
})

test('in Kubernetes: one at a time, no rights, nothing to write but the history, the password from a secret', () => {
  const [claim, cronJob] = documents(plan())
  expect(cronJob).toMatchObject({apiVersion: 'batch/v1', kind: 'CronJob'})
  expect(cronJob.spec).toMatchObject({schedule: '*/15 * * * *', concurrencyPolicy: 'Forbid'})
  const job = cronJob.spec.jobTemplate.spec
  expect(job).toMatchObject({backoffLimit: 0, activeDeadlineSeconds: 600})
  const pod = job.template.spec
  expect(pod).toMatchObject({restartPolicy: 'Never', automountServiceAccountToken: false})
  expect(pod.securityContext).toMatchObject({runAsNonRoot: true, seccompProfile: {type: 'RuntimeDefault'}})
  const [container] = pod.containers
  expect(container.securityContext).toEqual({
    allowPrivilegeEscalation: false,
    readOnlyRootFilesystem: true,
    capabilities: {drop: ['ALL']},
  })
  expect(container.env[0]).toEqual({
    name: 'PGPASSWORD',
    valueFrom: {secretKeyRef: {name: 'ahsp-db', key: 'password'}},
  })
  expect(container.command).toEqual([
    ...['npx', '--yes', 'ahsp-db@1.2.3', 'check', '--save', CONNINFO],
    ...['--history', '/var/lib/ahsp-db/history'],
  ])
  const [history] = pod.volumes
  expect(history.persistentVolumeClaim.claimName).toBe(claim.metadata.name)
  expect(container.volumeMounts.map(({name}: {name: string}) => name)).toEqual(
    pod.volumes.map(({name}: {name: string}) => name),
  )
})

test('$(NAME) of a command line is no variable of Kubernetes', () => {
  const [, cronJob] = documents(plan({image: 'i', command: ['check', 'dbname=$(HOME)']}))
  expect(cronJob.spec.jobTemplate.spec.template.spec.containers[0].command).toEqual([
    'ahsp-db',
    'check',
    'dbname=$$(HOME)',
  ])
})

test('on GitHub the password file comes from a secret, and the history is kept from run to run', () => {
  const workflow = parse(github(configured)[0]!.text)
  expect(Object.keys(workflow)).toEqual(['name', 'on', 'permissions', 'concurrency', 'jobs'])
  expect(workflow.on.schedule).toEqual([{cron: '*/15 * * * *'}])
  expect(workflow.permissions).toEqual({contents: 'read'})
  const {steps} = workflow.jobs.check
  const [restore, save] = ['restore', 'save'].map(what =>
    steps.find(({uses}: {uses?: string}) => uses?.startsWith(`actions/cache/${what}@`)),
  )
  expect(restore.with.key).toBe(save.with.key)
  expect(restore.with.key).toContain(restore.with['restore-keys'])
  expect(save.if).toContain('!cancelled()')
  const secrets = JSON.stringify(workflow).match(/secrets\.\w+/g)
  expect(secrets).toEqual(['secrets.AHSP_DB_PGPASS'])
  const check = steps.find(({name}: {name?: string}) => name === 'Check')
  expect(check.run).toBe(`npx --yes ahsp-db@1.2.3 check --all --save --config ahsp-db.yaml --history ${save.with.path}`)
})

test('on GitLab only the schedule runs it, one at a time', () => {
  const {'ahsp-db': job} = parse(gitlab(plan({image: 'registry.example/ahsp-db:1'}))[0]!.text)
  expect(job.rules).toEqual([{if: '$CI_PIPELINE_SOURCE == "schedule"'}])
  expect(job).toMatchObject({resource_group: 'ahsp-db', allow_failure: {exit_codes: [75]}})
  expect(job.cache).toMatchObject({paths: ['.ahsp-db/history'], when: 'always'})
  expect(job.script.at(-1)).toBe(`ahsp-db check --save '${CONNINFO}' --history .ahsp-db/history`)
})

test('the shell of a runner takes the words as they were given', () => {
  const hostile = `host='a b' $(touch x) \`id\` "é" !`
  const line = parse(gitlab(plan({image: 'i', command: ['check', hostile]}))[0]!.text)['ahsp-db'].script.at(-1)
  const {stdout} = spawnSync('sh', ['-c', line.replace('ahsp-db', "printf '%s\\n'")], {encoding: 'utf8'})
  expect(stdout).toBe(`check\n${hostile}\n`)
  expect(cron(plan({command: ['check', 'a%b']}))[0]!.text).toContain("'a\\%b'")
})
