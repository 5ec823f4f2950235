import { type JsonValue } from '@sluice/expressions'
import { checkExpressions, checkPipeline } from './check-pipeline.ts'
import { type Pipeline, PipelineDocument } from './pipeline.ts'
import type { Positions } from './positions.ts'
import { describeIssue, MAX_PROBLEMS, type PipelineProblem, problemAt } from './problem.ts'
import { readYaml } from './read-yaml.ts'

export type ParsedPipeline =
  | { readonly ok: true; readonly pipeline: Pipeline; readonly positions: Positions }
  | { readonly ok: false; readonly problems: readonly PipelineProblem[] }

/**
 * Reads a pipeline. Every problem has a line, a column, a path and a sentence; what the grammar has and Sluice can't run
 * yet is refused by name. Never throws for bad input.
 */
export function parsePipelineYaml(text: string): ParsedPipeline {
  const read = readYaml(text)
  return read.ok ? validatePipeline(read.value, read.positions) : read
}

/** Same for a document that is already JSON, with the positions of the text it comes from. */
export function validatePipeline(document: JsonValue, positions: Positions): ParsedPipeline {
  const parsed = PipelineDocument.safeParse(document, { reportInput: true })
  if (!parsed.success) {
    const problems = parsed.error.issues.slice(0, MAX_PROBLEMS).flatMap((issue) => describeIssue(issue, positions))
    return { ok: false, problems: inOrder(problems) }
  }
  const { pipeline } = parsed.data
  const findings = [...checkPipeline(pipeline), ...checkExpressions(document)]
  if (findings.length > 0) {
    return {
      ok: false,
      problems: inOrder(
        findings.slice(0, MAX_PROBLEMS).map(({ path, message }) => problemAt(positions, path, message)),
      ),
    }
  }
  return { ok: true, pipeline, positions }
}

function inOrder(problems: readonly PipelineProblem[]): PipelineProblem[] {
  return problems.toSorted((a, b) => a.line - b.line || a.column - b.column).slice(0, MAX_PROBLEMS)
}
