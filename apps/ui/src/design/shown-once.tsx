import { Button, CopyButton } from '@mantine/core'
import { IconCheck, IconCopy } from '@tabler/icons-react'
import classes from './code-block.module.css'

/** A value that nobody can read again: with a way to copy it, and a sentence that says so. */
export function ShownOnce({ label, value }: { label: string; value: string }) {
  return (
    <div className={classes.once} role="status">
      <div>
        <strong>{label}</strong> Copy it now: it is shown this once.
      </div>
      <div className={classes.onceValue}>
        <code>{value}</code>
        <CopyButton value={value} timeout={2_000}>
          {({ copied, copy }) => (
            <Button
              onClick={copy}
              leftSection={copied ? <IconCheck size={14} /> : <IconCopy size={14} />}
              data-autofocus
            >
              {copied ? 'Copied' : 'Copy'}
            </Button>
          )}
        </CopyButton>
      </div>
    </div>
  )
}
