import { Radio, Select, Stack, TextInput } from '@mantine/core'
import { useQueries } from '@tanstack/react-query'
import { type FormEvent, useState } from 'react'
import type { Input } from '../../api/call.ts'
import { useMay } from '../../api/permissions.ts'
import type { SchemaAddress } from '../../api/schemas.ts'
import { GuardedButton } from '../../design/guarded-button.tsx'
import { matrixPageQuery, ROWS_PER_PAGE } from '../../matrix/matrix-data.ts'
import classes from './connect.module.css'

type BaselineBody = Input<'baselineInstance'>['body']

interface BaselineProps {
  address: SchemaAddress
  instance: string
  /** Changesets that the history does not have. */
  pending: number
  isRunning: boolean
  onStart: (body: BaselineBody) => void
}

/** More rows than this are not offered to stop at; "all" stays. */
const PAGES_MAX = 20

/** For a database that was made by hand: writes its history without running anything. */
export function Baseline({ address, instance, pending, isRunning, onStart }: BaselineProps) {
  const mayWrite = useMay('dbops_instance_edit')
  const [choice, setChoice] = useState<'empty' | 'tables'>()
  const [last, setLast] = useState<string | null>(null)
  const [typed, setTyped] = useState('')
  const filter = { states: ['pending'] as const, search: '', instances: [instance] }
  const pages = Math.min(PAGES_MAX, Math.ceil(pending / ROWS_PER_PAGE))
  const found = useQueries({
    queries:
      choice === 'tables' ? Array.from({ length: pages }, (_, page) => matrixPageQuery(address, filter, page)) : [],
  })
  const rows = found.flatMap(({ data }) => data?.items.changeSets ?? [])
  const end = last === null ? undefined : rows[Number(last)]
  const count = last === null ? pending : Number(last) + 1
  const submit = (event: FormEvent): void => {
    event.preventDefault()
    if (typed.trim() !== String(count)) return
    onStart({
      expectedCount: count,
      ...(end === undefined ? {} : { upTo: { fileName: end.fileName, author: end.author, id: end.changeSet } }),
    })
  }
  return (
    <form className={classes.baseline} onSubmit={submit}>
      <h3>This database has no history table</h3>
      <Radio.Group
        aria-label="What the database holds"
        value={choice ?? null}
        onChange={(value) => setChoice(value === 'tables' ? 'tables' : 'empty')}
      >
        <Stack gap={8}>
          <Radio
            value="empty"
            label="It is empty"
            description={`Go on. The first run makes the history and runs all ${pending.toLocaleString()} changesets.`}
          />
          <Radio
            value="tables"
            label="Its tables are there already, made by hand or by another tool"
            description="Mark what it already has as deployed, so that no run tries to create it once more."
          />
        </Stack>
      </Radio.Group>
      {choice === 'tables' ? (
        <>
          <p>
            A baseline creates the history table and writes a row for each changeset, as if it had run.{' '}
            <strong>It runs no SQL of the changelog and changes none of your tables.</strong> It needs a user that may
            create a table.
          </p>
          <Select
            label="The last changeset that the database has"
            placeholder={`All ${pending.toLocaleString()}`}
            clearable
            searchable
            limit={60}
            data={rows.map((row, index) => ({
              value: String(index),
              label: `${index + 1}. ${row.changeSet} (${row.author}, ${row.fileName})`,
            }))}
            value={last}
            onChange={(value) => {
              setLast(value)
              setTyped('')
            }}
          />
          <TextInput
            label={`Type ${count} to confirm that ${count.toLocaleString()} ${count === 1 ? 'changeset is' : 'changesets are'} marked`}
            inputMode="numeric"
            autoComplete="off"
            w={320}
            value={typed}
            onChange={(event) => setTyped(event.currentTarget.value)}
          />
          <div>
            <GuardedButton type="submit" may={mayWrite} loading={isRunning} disabled={typed.trim() !== String(count)}>
              {`Mark ${count.toLocaleString()} as deployed`}
            </GuardedButton>
          </div>
        </>
      ) : null}
    </form>
  )
}
