import { z } from 'zod'
import { PipelineDocument } from './pipeline.ts'

/** JSON Schema (draft 2020-12) of a pipeline document, for completion, hover and errors in editors. */
export function pipelineJsonSchema(): z.core.JSONSchema.BaseSchema {
  return z.toJSONSchema(PipelineDocument, { io: 'input', reused: 'inline' })
}
