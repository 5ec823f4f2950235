import { z } from 'zod'
import { Identifier, Reference } from '@sluice/contracts/ids'
import {
  DelegateSelectors,
  Description,
  Duration,
  ExpressionText,
  Flag,
  JsonData,
  orExpression,
  StepDuration,
  text,
  Variables,
} from './field.ts'
import { FailureStrategies, StepWhen } from './flow.ts'
import { Step } from './step.ts'

const TextMap = z.record(z.string().min(1).max(253), z.string().max(4_096))
const ObjectMap = z.record(z.string().min(1).max(128), JsonData)

const INIT_TIMEOUT = z
  .union([StepDuration, ExpressionText])
  .optional()
  .meta({ description: 'How long making the pod may take. Absent: 10m.', default: '10m' })

const KubernetesDirect = z.strictObject({
  type: z.literal('KubernetesDirect').describe('One pod in a Kubernetes cluster.'),
  spec: z
    .strictObject({
      connectorRef: orExpression(Reference).meta({
        description: 'Connector of the Kubernetes cluster.',
        examples: ['account.build_cluster'],
      }),
      namespace: text(253).meta({ description: 'Namespace that the pod is made in.', examples: ['dbops'] }),
      serviceAccountName: text(253).optional().describe('Service account that the pod runs as.'),
      automountServiceAccountToken: orExpression(Flag)
        .optional()
        .describe('Whether the service account’s token is mounted into the pod.'),
      annotations: TextMap.optional().describe('Annotations of the pod.'),
      labels: TextMap.optional().describe('Labels of the pod.'),
      nodeSelector: TextMap.optional().describe('Labels that a node must have to run the pod.'),
      tolerations: z.array(ObjectMap).max(64).optional().describe('Tolerations of the pod, as in Kubernetes.'),
      priorityClassName: text(253).optional().describe('Priority class of the pod.'),
      volumes: z.array(ObjectMap).max(64).optional().describe('Volumes of the pod.'),
      containerSecurityContext: ObjectMap.optional().describe('Security context of the pod’s containers.'),
      runAsUser: orExpression(z.union([z.number().int().min(0), z.string().regex(/^\d{1,10}$/)]))
        .optional()
        .describe('Number of the user that the containers run as.'),
      os: z.literal('Linux').optional().meta({ description: 'Operating system of the nodes.', default: 'Linux' }),
      resources: ObjectMap.optional().describe('Processor and memory of the pod.'),
      initTimeout: INIT_TIMEOUT,
    })
    .describe('The cluster, and how the pod is made in it.'),
})

const Docker = z.strictObject({
  type: z.literal('Docker').describe('Containers of the Docker daemon on the delegate’s machine.'),
  spec: z
    .strictObject({
      connectorRef: orExpression(Reference)
        .optional()
        .describe('Connector of the registry that images are pulled from.'),
      resources: ObjectMap.optional().describe('Processor and memory of the containers.'),
      initTimeout: INIT_TIMEOUT,
    })
    .optional()
    .describe('How the containers are made.'),
})

const Process = z.strictObject({
  type: z
    .literal('Process')
    .describe('Processes on the delegate’s own machine; nothing to pull, for database steps only.'),
  spec: z.strictObject({ initTimeout: INIT_TIMEOUT }).optional().describe('How the processes are started.'),
})

/** Where the steps of a group run: one pod for all of them. */
export const StepGroupInfra = z
  .discriminatedUnion('type', [KubernetesDirect, Docker, Process])
  .meta({ id: 'StepGroupInfra', description: 'Where the steps of the group run: one pod for all of them.' })
export type StepGroupInfra = z.infer<typeof StepGroupInfra>

/** Most entries of one list of steps. */
export const MAX_ITEMS = 1_000

/** One entry of a list of steps: exactly one of its fields. */
export const ExecutionItem = z
  .strictObject({
    step: Step.optional(),
    get stepGroup() {
      return StepGroup.optional()
    },
  })
  .meta({
    id: 'ExecutionItem',
    description: 'One entry of a list of steps: either `step` or `stepGroup`.',
    minProperties: 1,
    maxProperties: 1,
  })
export type ExecutionItem = z.infer<typeof ExecutionItem>

export const StepGroup = z
  .strictObject({
    identifier: Identifier.meta({
      description: 'Names the group among its siblings. Never change it.',
      examples: ['database'],
    }),
    name: text(128).optional().describe('Name that people read. Absent: the identifier.'),
    description: Description.optional().describe('What the group is for.'),
    timeout: z
      .union([Duration, ExpressionText])
      .optional()
      .meta({ description: 'How long the whole group may take. Absent: only its steps’ limits.', examples: ['1h'] }),
    when: StepWhen.optional().describe('When the group runs. Absent: while its stage has not failed.'),
    failureStrategies: FailureStrategies.optional().describe('What is done when a step of the group fails.'),
    delegateSelectors: DelegateSelectors.optional().meta({
      description: 'Tags that a delegate must have to run the group’s steps.',
      examples: [['prod-network']],
    }),
    variables: Variables.optional().describe('Variables that only the group’s steps see.'),
    stepGroupInfra: StepGroupInfra.optional().describe(
      'Where the group’s steps run: one pod for all. Absent: each database step makes its own on the delegate.',
    ),
    get steps() {
      return z.array(ExecutionItem).min(1).max(MAX_ITEMS).describe('Steps and groups, run one after the other.')
    },
  })
  .meta({ id: 'StepGroup', description: 'Steps that share a pod, a timeout and failure strategies.' })
export type StepGroup = z.infer<typeof StepGroup>
