import type { CompletionContext, CompletionResult } from '@codemirror/autocomplete'
import type { EditorView, Tooltip } from '@codemirror/view'
import { explain, type JsonSchema, suggest } from './schema-assist.ts'
import { placeOf } from './yaml-place.ts'

type SchemaSource = () => JsonSchema | undefined

/** Completion source: keys and values that the schema takes at the cursor. */
export function completeFrom(schemaNow: SchemaSource) {
  return ({ state, pos, explicit }: CompletionContext): CompletionResult | null => {
    const schema = schemaNow()
    if (schema === undefined) return null
    const line = state.doc.lineAt(pos)
    if (/(^|\s)#/.test(line.text.slice(0, pos - line.from))) return null
    const place = placeOf(state.doc.toString(), line.number, pos - line.from)
    if (!explicit && place.word === '' && place.key === undefined) return null
    const options = suggest(schema, place).map(({ label, kind, detail, info, insert }) => ({
      label,
      type: kind === 'key' ? 'property' : 'constant',
      detail,
      info,
      apply: insert,
    }))
    return { from: line.from + place.wordFrom, options, validFor: /^[\w.+<>-]*$/ }
  }
}

const KEY = /^(\s*(?:-\s+)*)(["']?)([^\s"'#][^"'#]*?)\2\s*:/

/** Hover source: what the key under the pointer means. */
export function explainFrom(schemaNow: SchemaSource) {
  return (view: EditorView, pos: number): Tooltip | null => {
    const schema = schemaNow()
    const line = view.state.doc.lineAt(pos)
    const [, lead = '', , key] = KEY.exec(line.text) ?? []
    if (schema === undefined || key === undefined) return null
    const from = line.from + lead.length
    if (pos < from || pos > from + key.length) return null
    const { steps } = placeOf(view.state.doc.toString(), line.number, lead.length)
    const explanation = explain(schema, steps, key)
    if (explanation === undefined) return null
    return {
      pos: from,
      end: from + key.length,
      above: true,
      create: () => ({ dom: toDom(explanation.title, explanation.text, explanation.facts) }),
    }
  }
}

function toDom(title: string, text: string | undefined, facts: readonly string[]): HTMLElement {
  const box = document.createElement('div')
  const add = (tag: string, content: string): void => {
    const element = document.createElement(tag)
    element.textContent = content
    box.append(element)
  }
  add('strong', title)
  if (text !== undefined) add('div', text)
  for (const fact of facts) add('small', fact)
  return box
}
