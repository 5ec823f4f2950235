import classes from './code-block.module.css'
import { CopyButton } from './copy-button.tsx'

/** Text to read or to paste elsewhere, as it is. `label` says what it is, to the copy button and to screen readers. */
export function CodeBlock({ label, text, maxHeight = 320 }: { label: string; text: string; maxHeight?: number }) {
  return (
    <div className={classes.block}>
      <pre style={{ maxHeight }} tabIndex={0} aria-label={label} role="region">
        {text}
      </pre>
      <span className={classes.copy}>
        <CopyButton value={text} label={`Copy ${label.toLowerCase()}`} />
      </span>
    </div>
  )
}
