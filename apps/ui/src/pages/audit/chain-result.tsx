import { IconShieldCheck, IconShieldX } from '@tabler/icons-react'
import type { Output } from '../../api/call.ts'
import { CopyButton } from '../../design/copy-button.tsx'
import classes from './audit.module.css'

/** What the check of the whole chain found. */
export function ChainResult({ result }: { result: Output<'verifyAudits'> }) {
  if (!result.valid) {
    return (
      <div className={classes.result} data-tone="failure" role="alert">
        <IconShieldX size={20} aria-hidden />
        <div>
          <strong>The chain is broken</strong>
          <p>
            Event {result.brokenAt?.toLocaleString() ?? '?'} does not fit the one before it: somebody changed or removed
            events in the database. Compare with an export or a head that you noted earlier.
          </p>
        </div>
      </div>
    )
  }
  return (
    <div className={classes.result} data-tone="success" role="status">
      <IconShieldCheck size={20} aria-hidden />
      <div>
        <strong>All {result.sequence.toLocaleString()} events are as they were written</strong>
        <p>Head of the chain. Note it: it proves later that nothing before it was changed.</p>
        <span className={classes.hash}>
          <code>{result.hash}</code>
          <CopyButton value={`${result.sequence} ${result.hash}`} label="Copy head" />
        </span>
      </div>
    </div>
  )
}
