import type { PipelineInput } from '@sluice/contracts/pipeline-inputs'
import { isScalar, parseDocument, type Scalar, visit } from 'yaml'

const INPUT = '<+input>'

/**
 * Fills the values into the template of a pipeline's inputs. The template's `<+input>`s stand in the order of `inputs`.
 * What has no value stays as it is: the server takes its default, or says what is missing.
 * @param values text by the input's path
 */
export function fillTemplate(
  template: string,
  inputs: readonly PipelineInput[],
  values: Readonly<Record<string, string>>,
): string {
  const document = parseDocument(template)
  const places: Scalar[] = []
  visit(document, {
    Scalar: (_key, node) => {
      if (typeof node.value === 'string' && node.value.startsWith(INPUT)) places.push(node)
    },
  })
  for (const [index, input] of inputs.entries()) {
    const place = places[index]
    const value = values[input.path]
    if (!isScalar(place) || value === undefined || value === '') continue
    place.value = typed(input, value)
  }
  return document.toString()
}

function typed({ type }: PipelineInput, value: string): unknown {
  if (type === 'Number' && value.trim() !== '' && Number.isFinite(Number(value))) return Number(value)
  if (type === 'Boolean') return value === 'true'
  if (type === 'List') return value.split(',').map((item) => item.trim())
  return value
}
