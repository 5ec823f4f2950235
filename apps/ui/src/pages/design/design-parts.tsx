import { Button } from '@mantine/core'
import { useState } from 'react'
import { ConnectionPhases } from '../../connection/connection-phases.tsx'
import { DATABASE_PHASES } from '../../connection/phase-rows.ts'
import { TwoLines } from '../../design/cell.tsx'
import { CodeBlock } from '../../design/code-block.tsx'
import { ConfirmDialog } from '../../design/confirm-dialog.tsx'
import { Form } from '../../design/form.tsx'
import { NameFields, NO_NAME } from '../../design/name-fields.tsx'
import { Panel } from '../../design/page.tsx'
import { SearchField } from '../../design/search-field.tsx'
import { ShownOnce } from '../../design/shown-once.tsx'
import { TagList, TagsField } from '../../design/tags.tsx'
import classes from './design-page.module.css'

const PHASES = [
  { phase: 'dns', ok: true, durationMs: 4, message: '"db.internal" is 10.0.4.7' },
  { phase: 'tcp', ok: true, durationMs: 11 },
  { phase: 'login', ok: false, durationMs: 38, message: 'The password of "sluice" is wrong. Replace the secret.' },
] as const

/** Larger parts that several pages share. */
export function DesignParts() {
  const [naming, setNaming] = useState(NO_NAME)
  const [tags, setTags] = useState<Record<string, string>>({ env: 'staging' })
  const [term, setTerm] = useState('')
  const [isAsking, setAsking] = useState(false)
  return (
    <>
      <div className={classes.states}>
        <Panel title="A form">
          <Form
            label="Example of a form"
            onSubmit={() => undefined}
            actions={
              <Button variant="default" onClick={() => setAsking(true)}>
                Ask before it is done
              </Button>
            }
          >
            <NameFields value={naming} onChange={setNaming} placeholder="Orders" />
            <TagsField value={tags} onChange={setTags} />
            <SearchField label="Search, kept in the address" value={term} onSearch={setTerm} />
          </Form>
        </Panel>
        <Panel title="A connection test">
          <ConnectionPhases
            expected={DATABASE_PHASES}
            status="FAILURE"
            phases={PHASES}
            delegateName="local"
            startedAt={0}
            finishedAt={61}
          />
        </Panel>
      </div>
      <Panel title="Values">
        <Form label="Example of values" onSubmit={() => undefined} actions={null}>
          <TwoLines first="What it is" second="and a smaller line below" />
          <TagList tags={['env=staging', 'critical']} />
          <CodeBlock label="Command" text="npx sluice apply -f databases.yaml" />
          <ShownOnce label="API key “ci”." value="pat.example" />
        </Form>
      </Panel>
      {isAsking ? (
        <ConfirmDialog
          title="Revoke the token “ci”?"
          verb="Revoke"
          onConfirm={() => Promise.resolve()}
          onClose={() => setAsking(false)}
        >
          Says what happens, and to whom.
        </ConfirmDialog>
      ) : null}
    </>
  )
}
