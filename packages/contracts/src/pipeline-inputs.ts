import { z } from 'zod'
import { Identifier } from './ids.ts'
import { defineRoute, ProjectQuery } from './routes.ts'

/** What a run-time input takes. Entities are named, so that a choice can be offered. */
export const INPUT_TYPES = [
  'String',
  'Number',
  'Secret',
  'Boolean',
  'Duration',
  'List',
  'DbSchema',
  'DbInstance',
  'Connector',
] as const

/** One `<+input>` of a pipeline. */
export const PipelineInput = z
  .object({
    /** Its place in the pipeline, as in problems: `pipeline.variables[0].value`. */
    path: z.string(),
    /** The variable's name, else the field's. */
    name: z.string(),
    type: z.enum(INPUT_TYPES),
    /** Without a default a run needs a value. */
    required: z.boolean(),
    default: z.string().optional(),
    /** The value must be one of these. */
    allowedValues: z.array(z.string()).optional(),
    /** The whole value must match (RE2 syntax). */
    regex: z.string().optional(),
    description: z.string().optional(),
    /** What the field belongs to. */
    owner: z.object({
      kind: z.enum(['pipeline', 'stage', 'stepGroup', 'step']),
      identifier: z.string(),
      name: z.string(),
    }),
  })
  .meta({ id: 'PipelineInput' })
export type PipelineInput = z.infer<typeof PipelineInput>

export const getInputTemplate = defineRoute({
  service: 'pipeline-service',
  method: 'POST',
  path: '/pipeline-service/api/inputSets/template',
  operationId: 'getInputTemplate',
  summary: 'What a run of a pipeline asks for: YAML to fill in, and the same as a typed list',
  tag: 'Pipelines',
  auth: 'permission',
  permission: 'core_pipeline_view',
  query: ProjectQuery.extend({ pipelineIdentifier: Identifier }),
  response: z.object({
    /** Filled in, it is the body of executePipeline; null where the pipeline asks for nothing. */
    inputSetTemplateYaml: z.string().nullable(),
    inputs: z.array(PipelineInput),
  }),
  family: 'ng',
  errors: ['ENTITY_NOT_FOUND', 'PIPELINE_INVALID_YAML'],
})
