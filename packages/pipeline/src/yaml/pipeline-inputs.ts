import type { UsedInput } from '@sluice/contracts/execution-graph'
import type { PipelineInput } from '@sluice/contracts/pipeline-inputs'
import { stringify } from 'yaml'
import {
  collectRuntimeInputs,
  isJsonObject,
  isRuntimeInput,
  type JsonObject,
  type JsonValue,
  mergeRuntimeInputs,
} from '@sluice/expressions'
import { describeInput, valueAt } from './describe-inputs.ts'
import { type ParsedPipeline, parsePipelineYaml, validatePipeline } from './parse-pipeline-yaml.ts'
import { formatPath, parsePath } from './positions.ts'
import { MAX_PROBLEMS, problemAt } from './problem.ts'
import { readYaml } from './read-yaml.ts'
import type { Pipeline } from './pipeline.ts'

/** A checked pipeline without `<+input>`, and the values that took their places. */
export type AppliedPipeline =
  | (Extract<ParsedPipeline, { ok: true }> & { readonly inputs: UsedInput[] })
  | Extract<ParsedPipeline, { ok: false }>

/** Every `<+input>` of a pipeline, in order, with its constraints. */
export function pipelineInputs(pipeline: Pipeline): PipelineInput[] {
  const document = withVariableDefaults(asJson({ pipeline }))
  return collectRuntimeInputs(document).map((input) => describeInput(document, input))
}

/** YAML that holds only what is asked for, ready to be filled in; null when a pipeline asks for nothing. */
export function pipelineInputTemplate(pipeline: Pipeline): string | null {
  const thinned = thin(asJson(pipeline))
  return thinned === undefined
    ? null
    : stringify({ pipeline: { identifier: pipeline.identifier, ...asObject(thinned) } })
}

/**
 * Puts the given inputs into a pipeline and checks the result as a whole. Problems are placed in the pipeline's text.
 * @param inputs YAML `pipeline: {…}` thinned out to what is given, or null
 */
export function applyPipelineInputs(text: string, inputs: string | null): AppliedPipeline {
  const parsed = parsePipelineYaml(text)
  if (!parsed.ok) return parsed
  const { positions } = parsed
  let values: JsonValue | undefined
  if (inputs !== null && inputs.trim() !== '') {
    const read = readYaml(inputs)
    if (!read.ok) {
      return {
        ok: false,
        problems: read.problems.map((problem) => ({ ...problem, message: `The inputs: ${problem.message}` })),
      }
    }
    values = read.value
  }
  const merged = mergeRuntimeInputs(withVariableDefaults(asJson({ pipeline: parsed.pipeline })), values)
  const missing = requiredVariables(parsed.pipeline, merged.value)
  const problems = [...merged.problems, ...missing]
    .slice(0, MAX_PROBLEMS)
    .map((problem) => problemAt(positions, parsePath(problem.path), problem.message))
  if (problems.length > 0) return { ok: false, problems }
  const checked = validatePipeline(merged.value, positions)
  if (!checked.ok) return checked
  const used = pipelineInputs(parsed.pipeline).map(({ path, name }) => ({
    path,
    name,
    value: valueAt(merged.value, path),
  }))
  return { ...checked, inputs: used }
}

/** A variable's own `default` is what its bare `<+input>` falls back to. */
function withVariableDefaults(tree: JsonValue): JsonValue {
  if (Array.isArray(tree)) return tree.map((item: JsonValue) => withVariableDefaults(item))
  if (!isJsonObject(tree)) return tree
  const copy = Object.fromEntries(Object.entries(tree).map(([key, item]) => [key, withVariableDefaults(item)]))
  const { value, default: fallback, type } = copy
  const bare = typeof value === 'string' && isRuntimeInput(value) && !value.includes('.default(')
  if (!bare || typeof type !== 'string' || (typeof fallback !== 'string' && typeof fallback !== 'number')) return copy
  const quote = String(fallback).includes('"') ? "'" : '"'
  return { ...copy, value: `${value.trim()}.default(${quote}${fallback}${quote})` }
}

function requiredVariables(pipeline: Pipeline, merged: JsonValue): { path: string; message: string }[] {
  const problems: { path: string; message: string }[] = []
  const document = isJsonObject(merged) ? merged['pipeline'] : undefined
  const values = isJsonObject(document) && Array.isArray(document['variables']) ? document['variables'] : []
  ;(pipeline.variables ?? []).forEach((variable, index) => {
    const entry: JsonValue | undefined = values[index]
    const value = isJsonObject(entry) ? (entry['value'] ?? entry['default']) : undefined
    if (variable.required === true && (value === undefined || value === '')) {
      problems.push({
        path: formatPath(['pipeline', 'variables', index]),
        message: `The variable "${variable.name}" is required and has no value. Give it one in the inputs or in the pipeline.`,
      })
    }
  })
  return problems
}

/** Keeps runtime inputs and what names the objects around them. */
function thin(tree: JsonValue): JsonValue | undefined {
  if (typeof tree === 'string') return isRuntimeInput(tree) ? tree : undefined
  if (Array.isArray(tree)) {
    const items = tree.map((item: JsonValue) => thin(item)).filter((item) => item !== undefined)
    return items.length > 0 ? items : undefined
  }
  if (!isJsonObject(tree)) return undefined
  const kept: [string, JsonValue][] = []
  for (const [key, item] of Object.entries(tree)) {
    const thinned = thin(item)
    if (thinned !== undefined) kept.push([key, thinned])
  }
  if (kept.length === 0) return undefined
  const names = ['identifier', 'name', 'type'].filter(
    (key) => typeof tree[key] === 'string' && (key !== 'name' || tree['identifier'] === undefined),
  )
  return { ...Object.fromEntries(names.map((key) => [key, tree[key] ?? null])), ...Object.fromEntries(kept) }
}

function asObject(value: JsonValue): JsonObject {
  return isJsonObject(value) ? value : {}
}

/** A parsed pipeline came from JSON; this drops the optional fields that are undefined. */
function asJson(value: unknown): JsonValue {
  return JSON.parse(JSON.stringify(value))
}
