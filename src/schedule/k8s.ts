import {stringify} from 'yaml'
import {commandOf, LIMIT_MINUTES, NODE_IMAGE, npxWords, type Plan, type UnitFile} from './plan.js'
import {cronOf} from './when.js'

const HISTORY = '/var/lib/ahsp-db'
const CONFIG = '/etc/ahsp-db'
const labels = {'app.kubernetes.io/name': 'ahsp-db'}

/** A CronJob and the volume of its history; what secrets and configuration it wants is told on top. */
export function k8s(plan: Plan): UnitFile[] {
  const documents = [volume, cronJob(plan)].map(each => stringify(each, {lineWidth: 0, aliasDuplicateObjects: false}))
  return [{path: 'ahsp-db.yaml', text: `${notes(plan)}${documents.join('---\n')}`}]
}

const notes = ({
  config,
  image,
}: Plan) => `# First a role that may read statistics only (ahsp-db init > role.sql), and in the same namespace:
#   kubectl create secret generic ahsp-db --from-file=password
${config === undefined ? '' : '#   kubectl create configmap ahsp-db --from-file=ahsp-db.yaml\n'}\
# The alert: a run that found something, or failed, is a failed Job, e.g.
#   max(kube_job_status_failed{job_name=~"ahsp-db-.*"}) > 0
${image === undefined ? '# npx fetches the program for each run; --image names an image that has it.\n' : ''}`

const volume = {
  apiVersion: 'v1',
  kind: 'PersistentVolumeClaim',
  metadata: {name: 'ahsp-db-history', labels},
  spec: {accessModes: ['ReadWriteOnce'], resources: {requests: {storage: '1Gi'}}},
}

function cronJob(plan: Plan) {
  return {
    apiVersion: 'batch/v1',
    kind: 'CronJob',
    metadata: {name: 'ahsp-db', labels},
    spec: {
      schedule: cronOf(plan.when),
      concurrencyPolicy: 'Forbid',
      startingDeadlineSeconds: 300,
      successfulJobsHistoryLimit: 1,
      failedJobsHistoryLimit: 3,
      jobTemplate: {
        spec: {
          // What was found is found again: no second try.
          backoffLimit: 0,
          activeDeadlineSeconds: LIMIT_MINUTES * 60,
          ttlSecondsAfterFinished: 86_400,
          template: {metadata: {labels}, spec: pod(plan)},
        },
      },
    },
  }
}

const pod = (plan: Plan) => ({
  restartPolicy: 'Never',
  automountServiceAccountToken: false,
  securityContext: {
    runAsNonRoot: true,
    runAsUser: 65_532,
    runAsGroup: 65_532,
    fsGroup: 65_532,
    seccompProfile: {type: 'RuntimeDefault'},
  },
  containers: [container(plan)],
  volumes: [
    {name: 'history', persistentVolumeClaim: {claimName: 'ahsp-db-history'}},
    {name: 'tmp', emptyDir: {}},
    ...(plan.config === undefined ? [] : [{name: 'config', configMap: {name: 'ahsp-db'}}]),
  ],
})

function container(plan: Plan) {
  const config = plan.config === undefined ? undefined : `${CONFIG}/ahsp-db.yaml`
  const words = commandOf(plan, {config, history: `${HISTORY}/history`})
  const program = plan.image === undefined ? npxWords(plan) : ['ahsp-db']
  return {
    name: 'ahsp-db',
    image: plan.image ?? NODE_IMAGE,
    // $(NAME) would be a variable.
    command: [...program, ...words].map(word => word.replaceAll('$(', '$$$$(')),
    workingDir: HISTORY,
    env: [
      {name: 'PGPASSWORD', valueFrom: {secretKeyRef: {name: 'ahsp-db', key: 'password'}}},
      {name: 'HOME', value: '/tmp'},
      ...(plan.image === undefined ? [{name: 'npm_config_omit', value: 'optional'}] : []),
    ],
    securityContext: {
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: {drop: ['ALL']},
    },
    resources: {requests: {cpu: '50m', memory: '128Mi'}, limits: {memory: '1Gi'}},
    volumeMounts: [
      {name: 'history', mountPath: HISTORY},
      {name: 'tmp', mountPath: '/tmp'},
      ...(plan.config === undefined ? [] : [{name: 'config', mountPath: CONFIG, readOnly: true}]),
    ],
  }
}
