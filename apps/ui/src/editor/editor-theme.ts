import { HighlightStyle, syntaxHighlighting } from '@codemirror/language'
import { EditorView } from '@codemirror/view'
import { tags } from '@lezer/highlight'

/** Colours of the design language; they follow light and dark by themselves. */
const theme = EditorView.theme({
  '&': { height: '100%', fontSize: '12.5px', backgroundColor: 'var(--s-surface)', color: 'var(--s-text)' },
  '&.cm-focused': { outline: 'none' },
  '.cm-scroller': { fontFamily: 'var(--s-mono)', lineHeight: '1.6' },
  '.cm-gutters': { backgroundColor: 'var(--s-surface)', color: 'var(--s-dim)', border: 'none', paddingLeft: '6px' },
  '.cm-activeLine, .cm-activeLineGutter': { backgroundColor: 'var(--s-hover)' },
  '.cm-content': { caretColor: 'var(--s-text)' },
  '.cm-cursor': { borderLeftColor: 'var(--s-text)' },
  '&.cm-focused .cm-selectionBackground, .cm-selectionBackground': {
    backgroundColor: 'light-dark(#cfe9ef, #1d4a57) !important',
  },
  '.cm-tooltip': {
    maxWidth: '460px',
    border: '1px solid var(--s-line-strong)',
    borderRadius: '6px',
    backgroundColor: 'var(--s-raised)',
    color: 'var(--s-text)',
    boxShadow: 'var(--s-shadow-float)',
  },
  '.cm-tooltip-hover small': { display: 'block', color: 'var(--s-dim)' },
  '.cm-tooltip-hover, .cm-completionInfo': { padding: '6px 10px', fontFamily: 'var(--s-font)', fontSize: '12.5px' },
  '.cm-tooltip-autocomplete ul li[aria-selected]': { backgroundColor: 'var(--s-selected)', color: 'var(--s-text)' },
  '.cm-diagnostic': { fontFamily: 'var(--s-font)', padding: '5px 10px' },
  '.cm-diagnostic-error': { borderLeftColor: 'var(--s-failure)' },
  '.cm-panels': { backgroundColor: 'var(--s-sunken)', color: 'var(--s-text)', borderColor: 'var(--s-line)' },
  '.cm-searchMatch': { backgroundColor: 'light-dark(#ffe08a, #6b5300)' },
  '.cm-foldPlaceholder': { backgroundColor: 'var(--s-sunken)', border: 'none', color: 'var(--s-dim)' },
})

const colours = HighlightStyle.define([
  { tag: [tags.propertyName, tags.definition(tags.propertyName)], color: 'var(--s-syntax-key)' },
  { tag: [tags.string, tags.content], color: 'var(--s-syntax-string)' },
  { tag: [tags.number, tags.bool, tags.null, tags.atom], color: 'var(--s-syntax-number)' },
  { tag: [tags.keyword, tags.operator], color: 'var(--s-syntax-keyword)' },
  { tag: tags.comment, color: 'var(--s-syntax-comment)', fontStyle: 'italic' },
])

/** How every editor looks. */
export const editorTheme = [theme, syntaxHighlighting(colours)]
