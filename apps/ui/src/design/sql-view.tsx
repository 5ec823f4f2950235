import { useMemo } from 'react'
import { CopyButton } from './copy-button.tsx'
import { sqlTokens } from './sql-tokens.ts'
import classes from './sql-view.module.css'

/** SQL to read. `label` says whose it is; `isTruncated` that only its beginning is known. */
export function SqlView({ sql, label, isTruncated = false }: { sql: string; label: string; isTruncated?: boolean }) {
  const tokens = useMemo(() => sqlTokens(sql), [sql])
  return (
    <div className={classes.frame}>
      <div className={classes.copy}>
        <CopyButton value={sql} label={`Copy ${label}`} />
      </div>
      <pre className={classes.sql} tabIndex={0} role="region" aria-label={label}>
        <code>
          {tokens.map((token, index) => (
            <span key={index} data-kind={token.kind}>
              {token.text}
            </span>
          ))}
        </code>
      </pre>
      {isTruncated ? <div className={classes.truncated}>Only the beginning is kept here; the file has all.</div> : null}
    </div>
  )
}
