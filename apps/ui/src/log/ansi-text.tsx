import Anser from 'anser'
import classes from './ansi-text.module.css'

const ESCAPE = '\u001b'
/** Longest text that is drawn; the rest is a click away. A browser lays out no line of a megabyte quickly. */
export const DRAWN_CHARACTERS = 2_000

/** A line's text with its colours. Other control sequences are dropped. */
export function AnsiText({ text, highlight }: { text: string; highlight: string }) {
  if (!text.includes(ESCAPE)) return <Highlighted text={text} highlight={highlight} />
  let offset = 0
  return Anser.ansiToJson(text, { use_classes: true, remove_empty: true }).map((part) => {
    const key = (offset += part.content.length)
    const names = [
      part.fg === null ? '' : classes[part.fg],
      ...part.decorations.map((decoration) => classes[decoration]),
    ]
    return (
      <span key={key} className={names.filter(Boolean).join(' ')}>
        <Highlighted text={part.content} highlight={highlight} />
      </span>
    )
  })
}

function Highlighted({ text, highlight }: { text: string; highlight: string }) {
  const wanted = highlight.toLowerCase()
  const at = wanted === '' ? -1 : text.toLowerCase().indexOf(wanted)
  if (at < 0) return text
  return (
    <>
      {text.slice(0, at)}
      <mark className={classes.mark}>{text.slice(at, at + wanted.length)}</mark>
      <Highlighted text={text.slice(at + wanted.length)} highlight={highlight} />
    </>
  )
}
