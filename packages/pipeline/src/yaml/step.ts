import { z } from 'zod'
import { Identifier, Reference } from '@sluice/contracts/ids'
import { DelegateSelectors, ExpressionText, Flag, orExpression, StepDuration, text } from './field.ts'
import { FailureStrategies, StepWhen } from './flow.ts'

const Quantities = z.strictObject({
  cpu: orExpression(z.union([z.string().regex(/^\d{1,6}(\.\d{1,3})?m?$/), z.number().positive()])).optional(),
  memory: orExpression(z.string().regex(/^\d{1,12}(\.\d{1,3})?(Ki|Mi|Gi|K|M|G)?$/)).optional(),
})

/** How the step's container is made; every database step has these. */
const container = {
  /** Registry that the image is pulled from. Not needed where the runtime runs no images. */
  connectorRef: orExpression(Reference).optional(),
  image: text(512).optional(),
  imagePullPolicy: z.enum(['Always', 'Never', 'IfNotPresent']).optional(),
  privileged: orExpression(Flag).optional(),
  runAsUser: orExpression(z.union([z.number().int().min(0), z.string().regex(/^\d{1,10}$/)])).optional(),
  resources: z.strictObject({ limits: Quantities.optional(), requests: Quantities.optional() }).optional(),
}

/** Which database a step works on. */
const database = {
  dbSchema: orExpression(Identifier),
  dbInstance: orExpression(Identifier),
  delegateSelectors: DelegateSelectors.optional(),
}

const common = {
  identifier: Identifier,
  name: text(128).optional(),
  description: z.string().max(1_024).optional(),
  timeout: z.union([StepDuration, ExpressionText]).optional(),
  when: StepWhen.optional(),
  failureStrategies: FailureStrategies.optional(),
}

const DBSchemaApplyStep = z
  .strictObject({
    ...common,
    type: z.literal('DBSchemaApply'),
    spec: z.strictObject({
      ...container,
      ...database,
      tag: text(255).optional(),
      // Until they are built, only what says "off" is taken.
      tagDatabaseChangeSet: z.literal(false).optional(),
      markNextChangeSetRun: z.literal(false).optional(),
      migrationType: z.literal('Liquibase').optional(),
    }),
  })
  .meta({ id: 'DBSchemaApply', description: 'applies pending changesets to a database' })

const DBSchemaUpdateSqlStep = z
  .strictObject({
    ...common,
    type: z.literal('DBSchemaUpdateSQL'),
    spec: z.strictObject({ ...container, ...database }),
  })
  .meta({ id: 'DBSchemaUpdateSQL', description: 'shows the SQL that an apply would run, and changes nothing' })

export const Step = z.discriminatedUnion('type', [DBSchemaApplyStep, DBSchemaUpdateSqlStep]).meta({ id: 'Step' })
export type Step = z.infer<typeof Step>

/** Types of steps that people can write. */
export type AuthoredStepType = Step['type']

/** Fields that shape a step's container: they must be known when the pod is made, before any step has run. */
export const CONTAINER_FIELDS = Object.keys(container)
