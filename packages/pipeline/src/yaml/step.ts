import { z } from 'zod'
import { Identifier, Reference } from '@sluice/contracts/ids'
import { DelegateSelectors, Description, ExpressionText, Flag, orExpression, StepDuration, text } from './field.ts'
import { FailureStrategies, StepWhen } from './flow.ts'

const Quantities = z.strictObject({
  cpu: orExpression(z.union([z.string().regex(/^\d{1,6}(\.\d{1,3})?m?$/), z.number().positive()]))
    .optional()
    .meta({ description: 'Processor cores.', examples: ['500m', '1'] }),
  memory: orExpression(z.string().regex(/^\d{1,12}(\.\d{1,3})?(Ki|Mi|Gi|K|M|G)?$/))
    .optional()
    .meta({ description: 'Memory.', examples: ['500Mi', '1Gi'] }),
})

/** How the step's container is made; every database step has these. */
const container = {
  connectorRef: orExpression(Reference)
    .optional()
    .meta({
      description:
        'Connector of the registry that the image is pulled from. Not needed where the runtime runs no images.',
      examples: ['account.dockerhub'],
    }),
  image: text(512)
    .optional()
    .describe('Image of the step’s container. Absent: the one that this version is tested with.'),
  imagePullPolicy: z.enum(['Always', 'Never', 'IfNotPresent']).optional().describe('When the image is pulled.'),
  privileged: orExpression(Flag)
    .optional()
    .meta({ description: 'Runs the container with all rights of the machine. Leave it out.', default: false }),
  runAsUser: orExpression(z.union([z.number().int().min(0), z.string().regex(/^\d{1,10}$/)]))
    .optional()
    .describe('Number of the user that the container runs as. Absent: the image’s own, never root.'),
  resources: z
    .strictObject({
      limits: Quantities.optional().describe('The most that the container may use.'),
      requests: Quantities.optional().describe('What is set aside for the container.'),
    })
    .optional()
    .describe('Processor and memory of the step’s container.'),
}

/** Which database a step works on. */
const database = {
  dbSchema: orExpression(Identifier).meta({
    description: 'Identifier of the DB schema whose changelog is used.',
    examples: ['orders', '<+input>'],
  }),
  dbInstance: orExpression(Identifier).meta({
    description: 'Identifier of the DB instance, of that schema, on which it works.',
    examples: ['orders_stg', '<+pipeline.variables.instance>', '<+input>'],
  }),
  delegateSelectors: DelegateSelectors.optional().meta({
    description: 'Tags that a delegate must have to run this step. Absent: those of the group, stage or pipeline.',
    examples: [['prod-network']],
  }),
}

const common = {
  identifier: Identifier.meta({
    description: 'Names the step among its siblings; its outputs are `<+steps.IDENTIFIER.output.…>`. Never change it.',
    examples: ['apply'],
  }),
  name: text(128).optional().describe('Name that people read. Absent: the identifier.'),
  description: Description.optional().describe('What the step is for.'),
  when: StepWhen.optional().describe('When the step runs. Absent: while its stage has not failed.'),
  failureStrategies: FailureStrategies.optional().describe('What is done when the step fails; the first that fits.'),
}

/** Timeout of a step with what holds where none is written. */
function timeout(fallback: string) {
  return z
    .union([StepDuration, ExpressionText])
    .optional()
    .meta({
      description: `How long the step may take; then it is cancelled on the server and fails. Absent: ${fallback}. At most 7d.`,
      default: fallback,
      examples: ['10m', '1h 30m'],
    })
}

const DBSchemaApplyStep = z
  .strictObject({
    ...common,
    type: z.literal('DBSchemaApply').describe('Applies the pending changesets to a database.'),
    timeout: timeout('1d'),
    spec: z
      .strictObject({
        ...container,
        ...database,
        tag: text(255)
          .optional()
          .meta({
            description: 'Tag that the database gets after a successful apply; a rollback can go back to it.',
            examples: ['release-<+pipeline.sequenceId>'],
          }),
        // Until they are built, only what says "off" is taken.
        tagDatabaseChangeSet: z
          .literal(false)
          .optional()
          .meta({ description: 'Not built yet: only `false` is taken.', default: false }),
        markNextChangeSetRun: z
          .literal(false)
          .optional()
          .meta({ description: 'Not built yet: only `false` is taken.', default: false }),
        migrationType: z
          .literal('Liquibase')
          .optional()
          .meta({ description: 'Kind of changelog: the published Liquibase formats.', default: 'Liquibase' }),
      })
      .describe('Which database, and how. A plan that an earlier preview of this run made for it is applied exactly.'),
  })
  .meta({
    id: 'DBSchemaApply',
    description:
      'Applies pending changesets to a database: fetch, preflight, plan, apply, report. Where a preview ran before for the same database, exactly its plan is applied, or nothing.',
  })

const DBSchemaUpdateSqlStep = z
  .strictObject({
    ...common,
    type: z.literal('DBSchemaUpdateSQL').describe('Shows the SQL that an apply would run, and changes nothing.'),
    timeout: timeout('10m'),
    spec: z.strictObject({ ...container, ...database }).describe('Which database, and how.'),
  })
  .meta({
    id: 'DBSchemaUpdateSQL',
    description:
      'Preview: computes the plan and the SQL that an apply would run, and changes nothing. Outputs: `sqlCommands`, `planHash`, `changeSetCount`, `skippedCount`, `commit`.',
  })

export const Step = z
  .discriminatedUnion('type', [DBSchemaApplyStep, DBSchemaUpdateSqlStep])
  .meta({ id: 'Step', description: 'One step; `type` says what it does, and `spec` what that needs.' })
export type Step = z.infer<typeof Step>

/** Types of steps that people can write. */
export type AuthoredStepType = Step['type']

/** Fields that shape a step's container: they must be known when the pod is made, before any step has run. */
export const CONTAINER_FIELDS = Object.keys(container)
