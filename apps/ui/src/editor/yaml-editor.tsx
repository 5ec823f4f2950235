import { autocompletion, closeBrackets, completionKeymap } from '@codemirror/autocomplete'
import { defaultKeymap, history, historyKeymap, indentWithTab } from '@codemirror/commands'
import { yaml, yamlLanguage } from '@codemirror/lang-yaml'
import { bracketMatching, foldGutter, foldKeymap, indentOnInput, indentUnit } from '@codemirror/language'
import { type Diagnostic, lintGutter, lintKeymap, setDiagnostics } from '@codemirror/lint'
import { highlightSelectionMatches, search, searchKeymap } from '@codemirror/search'
import { Compartment, EditorState, type Text } from '@codemirror/state'
import {
  drawSelection,
  EditorView,
  highlightActiveLine,
  highlightActiveLineGutter,
  hoverTooltip,
  keymap,
  lineNumbers,
} from '@codemirror/view'
import type { Problem } from '@sluice/contracts/errors'
import { useEffect, useEffectEvent, useLayoutEffect, useRef } from 'react'
import { pageNonce } from '../design/page-nonce.ts'
import { editorTheme } from './editor-theme.ts'
import type { JsonSchema } from './schema-assist.ts'
import { completeFrom, explainFrom } from './schema-extensions.ts'

export interface YamlEditorProps {
  /** Said to screen readers. */
  label: string
  value: string
  onChange?: (value: string) => void
  /** JSON Schema that completion and hover texts come from. */
  schema?: JsonSchema
  /** Marked in the text and in the gutter, where they have a line. */
  problems?: readonly Problem[]
  /** Line of the cursor, from 1, told when it moves. */
  onLine?: (line: number) => void
  /** Moves the cursor there when `at` changes. */
  reveal?: { line: number; at: number }
  isReadOnly?: boolean
}

const readOnly = new Compartment()

/**
 * YAML with completion, hover texts and marked problems. Tab indents; Escape then Tab leaves it. Loaded lazily, see
 * {@link LazyYamlEditor}.
 */
export function YamlEditor(props: YamlEditorProps) {
  const { label, value, schema, problems, reveal, isReadOnly = false } = props
  const host = useRef<HTMLDivElement>(null)
  const view = useRef<EditorView>(undefined)
  const latest = useRef(schema)
  useEffect(() => {
    latest.current = schema
  }, [schema])
  const onDocument = useEffectEvent((text: string) => props.onChange?.(text))
  const onLine = useEffectEvent((line: number) => props.onLine?.(line))

  useEffect(() => {
    if (host.current === null) return
    const editor = new EditorView({
      parent: host.current,
      state: EditorState.create({
        doc: value,
        extensions: [
          EditorView.cspNonce.of(pageNonce()),
          editorTheme,
          lineNumbers(),
          foldGutter(),
          highlightActiveLine(),
          highlightActiveLineGutter(),
          drawSelection(),
          history(),
          indentOnInput(),
          indentUnit.of('  '),
          bracketMatching(),
          closeBrackets(),
          search({ top: true }),
          highlightSelectionMatches(),
          autocompletion({ icons: false }),
          lintGutter(),
          yaml(),
          yamlLanguage.data.of({ autocomplete: completeFrom(() => latest.current) }),
          hoverTooltip(explainFrom(() => latest.current)),
          EditorView.contentAttributes.of({ 'aria-label': label, tabindex: '0' }),
          readOnly.of(EditorState.readOnly.of(isReadOnly)),
          keymap.of([
            ...completionKeymap,
            ...searchKeymap,
            ...historyKeymap,
            ...foldKeymap,
            ...lintKeymap,
            ...defaultKeymap,
            indentWithTab,
          ]),
          EditorView.updateListener.of((update) => {
            if (update.docChanged) onDocument(update.state.doc.toString())
            if (update.selectionSet || update.docChanged) {
              onLine(update.state.doc.lineAt(update.state.selection.main.head).number)
            }
          }),
        ],
      }),
    })
    view.current = editor
    return () => {
      editor.destroy()
      view.current = undefined
    }
    // Made once; what changes later is handed to it below.
  }, [label])

  useEffect(() => {
    view.current?.dispatch({ effects: readOnly.reconfigure(EditorState.readOnly.of(isReadOnly)) })
  }, [isReadOnly])

  // Before anything else can be typed: an older value never takes the place of a newer text.
  useLayoutEffect(() => {
    const editor = view.current
    if (editor === undefined || editor.state.doc.toString() === value) return
    editor.dispatch({ changes: { from: 0, to: editor.state.doc.length, insert: value } })
  }, [value])

  useEffect(() => {
    const editor = view.current
    if (editor === undefined) return
    const { doc } = editor.state
    editor.dispatch(
      setDiagnostics(
        editor.state,
        (problems ?? []).flatMap((problem) => toDiagnostic(doc, problem)),
      ),
    )
  }, [problems])

  useEffect(() => {
    const editor = view.current
    if (editor === undefined || reveal === undefined) return
    const line = editor.state.doc.line(Math.min(Math.max(1, reveal.line), editor.state.doc.lines))
    editor.dispatch({
      selection: { anchor: line.from },
      effects: EditorView.scrollIntoView(line.from, { y: 'center' }),
    })
  }, [reveal])

  return <div ref={host} style={{ height: '100%', minHeight: 0 }} />
}

function toDiagnostic(doc: Text, problem: Problem): Diagnostic[] {
  if (problem.line === undefined || problem.line > doc.lines) return []
  const line = doc.line(Math.max(1, problem.line))
  const indent = line.text.length - line.text.trimStart().length
  const from = Math.min(line.to, line.from + (problem.column === undefined ? indent : problem.column - 1))
  return [{ from, to: Math.max(from, line.to), severity: 'error', message: problem.message }]
}
