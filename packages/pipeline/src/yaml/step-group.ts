import { z } from 'zod'
import { Identifier, Reference } from '@sluice/contracts/ids'
import {
  DelegateSelectors,
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

const KubernetesDirect = z.strictObject({
  type: z.literal('KubernetesDirect'),
  spec: z.strictObject({
    connectorRef: orExpression(Reference),
    namespace: text(253),
    serviceAccountName: text(253).optional(),
    automountServiceAccountToken: orExpression(Flag).optional(),
    annotations: TextMap.optional(),
    labels: TextMap.optional(),
    nodeSelector: TextMap.optional(),
    tolerations: z.array(ObjectMap).max(64).optional(),
    priorityClassName: text(253).optional(),
    volumes: z.array(ObjectMap).max(64).optional(),
    containerSecurityContext: ObjectMap.optional(),
    runAsUser: orExpression(z.union([z.number().int().min(0), z.string().regex(/^\d{1,10}$/)])).optional(),
    os: z.literal('Linux').optional(),
    resources: ObjectMap.optional(),
    initTimeout: z.union([StepDuration, ExpressionText]).optional(),
  }),
})

const Docker = z.strictObject({
  type: z.literal('Docker'),
  spec: z
    .strictObject({
      connectorRef: orExpression(Reference).optional(),
      resources: ObjectMap.optional(),
      initTimeout: z.union([StepDuration, ExpressionText]).optional(),
    })
    .optional(),
})

const Process = z.strictObject({
  type: z.literal('Process'),
  spec: z.strictObject({ initTimeout: z.union([StepDuration, ExpressionText]).optional() }).optional(),
})

/** Where the steps of a group run: one pod for all of them. */
export const StepGroupInfra = z
  .discriminatedUnion('type', [KubernetesDirect, Docker, Process])
  .meta({ id: 'StepGroupInfra' })
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
  .meta({ id: 'ExecutionItem' })
export type ExecutionItem = z.infer<typeof ExecutionItem>

export const StepGroup = z
  .strictObject({
    identifier: Identifier,
    name: text(128).optional(),
    description: z.string().max(1_024).optional(),
    timeout: z.union([Duration, ExpressionText]).optional(),
    when: StepWhen.optional(),
    failureStrategies: FailureStrategies.optional(),
    delegateSelectors: DelegateSelectors.optional(),
    variables: Variables.optional(),
    stepGroupInfra: StepGroupInfra.optional(),
    get steps() {
      return z.array(ExecutionItem).min(1).max(MAX_ITEMS)
    },
  })
  .meta({ id: 'StepGroup' })
export type StepGroup = z.infer<typeof StepGroup>
