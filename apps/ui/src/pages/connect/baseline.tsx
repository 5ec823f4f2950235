import { Radio, Select, Stack, TextInput } from '@mantine/core'
import { useQueries } from '@tanstack/react-query'
import { type FormEvent, useState } from 'react'
import type { Input } from '../../api/call.ts'
import { useMay } from '../../api/permissions.ts'
import type { SchemaAddress } from '../../api/schemas.ts'
import { GuardedButton } from '../../design/guarded-button.tsx'
import { sentenceOf } from '../../design/states.tsx'
import { type MatrixRow, matrixPageQuery, ROWS_PER_PAGE } from '../../matrix/matrix-data.ts'
import classes from './connect.module.css'

type BaselineBody = Input<'baselineInstance'>['body']

interface BaselineProps {
  address: SchemaAddress
  instance: string
  /** Changesets that the history does not have. */
  pending: number
  /** False: it is known that the database has no history table. */
  hasHistory: boolean | undefined
  isRunning: boolean
  onStart: (body: BaselineBody) => void
}

/** More rows than this are not offered to stop at; "all" stays. */
const PAGES_MAX = 20

/** For a database that was made by hand: writes its history without running anything. */
export function Baseline({ address, instance, pending, hasHistory, isRunning, onStart }: BaselineProps) {
  const mayWrite = useMay('dbops_instance_edit')
  const [choice, setChoice] = useState<'empty' | 'tables'>()
  const [last, setLast] = useState<string | null>(null)
  const [typed, setTyped] = useState('')
  const filter = { states: ['pending', 'failed'] as const, search: '', instances: [instance] }
  const pages = Math.min(PAGES_MAX, Math.ceil(pending / ROWS_PER_PAGE))
  const found = useQueries({
    queries:
      choice === 'tables' ? Array.from({ length: pages }, (_, page) => matrixPageQuery(address, filter, page)) : [],
  })
  // Numbers count from the beginning: with a page missing they would be wrong.
  const isComplete = found.every(({ data }) => data !== undefined)
  const rows = isComplete ? found.flatMap(({ data }) => data?.items.changeSets ?? []) : []
  const place = rows.findIndex((row) => keyOf(row) === last)
  const end = rows[place]
  const count = end === undefined ? pending : place + 1
  const failed = found.find(({ error }) => error !== null)
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
      <h3>
        {hasHistory === false
          ? 'This database has no history table'
          : 'The history of this database has none of the changesets'}
      </h3>
      <Radio.Group
        aria-label="What the database holds"
        value={choice ?? null}
        onChange={(value) => setChoice(value === 'tables' ? 'tables' : 'empty')}
      >
        <Stack gap={8}>
          <Radio
            value="empty"
            label="It is empty"
            description={`Nothing to do here. The first run makes the history and runs all ${pending.toLocaleString()} changesets.`}
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
            A baseline creates the history table where it is missing, and writes a row for each changeset, as if it had
            run. <strong>It runs no SQL of the changelog and changes none of your tables.</strong> It needs a user that
            may create a table.
          </p>
          <Select
            label="The last changeset that the database has"
            placeholder={`All ${pending.toLocaleString()}`}
            clearable
            searchable
            limit={60}
            disabled={!isComplete}
            data={rows.map((row, index) => ({
              value: keyOf(row),
              label: `${index + 1}. ${row.changeSet} (${row.author}, ${row.fileName})`,
            }))}
            value={last}
            error={failed === undefined ? undefined : sentenceOf(failed.error)}
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

function keyOf({ fileName, author, changeSet }: MatrixRow): string {
  return JSON.stringify([fileName, author, changeSet])
}
