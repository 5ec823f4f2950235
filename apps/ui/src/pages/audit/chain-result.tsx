import { Alert } from '@mantine/core'
import { IconShieldCheck, IconShieldX } from '@tabler/icons-react'
import type { Output } from '../../api/call.ts'
import { CopyButton } from '../../design/copy-button.tsx'
import classes from './audit.module.css'

/** What the check of the whole chain found. */
export function ChainResult({ result }: { result: Output<'verifyAudits'> }) {
  if (!result.valid) {
    return (
      <Alert color="red" icon={<IconShieldX size={18} />} title="The chain is broken" role="alert">
        Event {result.brokenAt?.toLocaleString() ?? '?'} does not fit the one before it: somebody changed or removed
        events in the database. Compare with an export or a head that you noted earlier.
      </Alert>
    )
  }
  return (
    <Alert
      color="green"
      icon={<IconShieldCheck size={18} />}
      title={`All ${result.sequence.toLocaleString()} events are as they were written`}
      role="status"
    >
      <div className={classes.head}>
        <span>Head of the chain. Note it: it proves later that nothing before it was changed.</span>
        <span className={classes.hash}>
          <code>{result.hash}</code>
          <CopyButton value={`${result.sequence} ${result.hash}`} label="Copy head" />
        </span>
      </div>
    </Alert>
  )
}
