import { AppError } from '@sluice/contracts/errors'
import { parsePipelineYaml, type ParsedPipeline, type Pipeline as PipelineDefinition } from '@sluice/pipeline'
import { mapUniqueViolation, recordAudit, type Actor } from '@sluice/service-kit'
import type { Deps } from '../../deps.ts'
import type { ProjectScope } from '../project-scope.ts'
import { findPipeline } from './find-pipeline.ts'

export interface SavedPipeline {
  identifier: string
  version: number
}

/** A parsed pipeline. Throws PIPELINE_INVALID_YAML with every problem. */
export function requireValid(parsed: ParsedPipeline): Extract<ParsedPipeline, { ok: true }> {
  if (parsed.ok) return parsed
  const [first] = parsed.problems
  const more = parsed.problems.length > 1 ? ` (and ${parsed.problems.length - 1} more)` : ''
  throw new AppError(
    'PIPELINE_INVALID_YAML',
    `The pipeline YAML is not valid: line ${first?.line ?? 1}, column ${first?.column ?? 1}: ${first?.message ?? ''}${more}`,
    { details: parsed.problems },
  )
}

/** Parses the YAML and checks that it speaks of the project it is saved in. */
function readDefinition(yaml: string, scope: ProjectScope): PipelineDefinition {
  const parsed = requireValid(parsePipelineYaml(yaml))
  const { orgIdentifier, projectIdentifier } = parsed.pipeline
  if (
    (orgIdentifier ?? scope.orgIdentifier) !== scope.orgIdentifier ||
    (projectIdentifier ?? scope.projectIdentifier) !== scope.projectIdentifier
  ) {
    throw new AppError(
      'PIPELINE_INVALID_YAML',
      `The YAML says project "${orgIdentifier}/${projectIdentifier}", the request says "${scope.orgIdentifier}/${scope.projectIdentifier}". Make them agree.`,
    )
  }
  return parsed.pipeline
}

/** Creates a pipeline. Throws PIPELINE_INVALID_YAML or DUPLICATE_IDENTIFIER. */
export async function createPipeline(
  deps: Deps,
  actor: Actor,
  input: { scope: ProjectScope; yaml: string },
): Promise<SavedPipeline> {
  const definition = readDefinition(input.yaml, input.scope)
  const { identifier, name, description, tags } = definition
  try {
    await deps.transact(async (tx) => {
      await tx.pipeline.create({
        data: {
          ...input.scope,
          identifier,
          name,
          description,
          tags: tags ?? {},
          yaml: input.yaml,
          lastEditor: actor.principal,
        },
      })
      await recordAudit(tx, {
        actor,
        action: 'CREATE',
        resource: { type: 'PIPELINE', identifier, name },
        scope: input.scope,
        after: { yaml: input.yaml },
      })
    })
  } catch (error) {
    mapUniqueViolation(
      error,
      new AppError(
        'DUPLICATE_IDENTIFIER',
        `A pipeline "${identifier}" exists in this project already. Choose another identifier, or update that one.`,
      ),
    )
  }
  return { identifier, version: 1 }
}

/** Replaces a pipeline's YAML. `version`: the one the caller read; absent: the newest is replaced. */
export async function updatePipeline(
  deps: Deps,
  actor: Actor,
  input: { scope: ProjectScope; identifier: string; yaml: string; version?: number },
): Promise<SavedPipeline> {
  const definition = readDefinition(input.yaml, input.scope)
  if (definition.identifier !== input.identifier) {
    throw new AppError(
      'PIPELINE_INVALID_YAML',
      `The YAML's identifier is "${definition.identifier}", but identifiers are immutable: keep "${input.identifier}".`,
    )
  }
  const before = await findPipeline(deps, input.scope, input.identifier)
  const expected = input.version ?? before.version
  const { name, description, tags } = definition
  const version = await deps.transact(async (tx) => {
    const { count } = await tx.pipeline.updateMany({
      where: { ...input.scope, identifier: input.identifier, version: expected },
      data: {
        name,
        description: description ?? null,
        tags: tags ?? {},
        yaml: input.yaml,
        lastEditor: actor.principal,
        version: { increment: 1 },
        updatedAt: new Date(deps.now()),
      },
    })
    if (count === 0) {
      throw new AppError(
        'VERSION_CONFLICT',
        `Pipeline "${input.identifier}" was changed by somebody else: you edited version ${expected}, it is at ${before.version}. Read it again and repeat your change.`,
      )
    }
    await recordAudit(tx, {
      actor,
      action: 'UPDATE',
      resource: { type: 'PIPELINE', identifier: input.identifier, name },
      scope: input.scope,
      before: { yaml: before.yaml },
      after: { yaml: input.yaml },
    })
    return expected + 1
  })
  return { identifier: input.identifier, version }
}
