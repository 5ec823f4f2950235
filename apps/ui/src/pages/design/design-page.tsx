import { Button, Group, Select, Stack, Switch, TextInput } from '@mantine/core'
import { IconDatabase, IconPlus } from '@tabler/icons-react'
import { ApiProblem } from '../../api/problem.ts'
import { DataTable } from '../../design/data-table.tsx'
import { Facts, Page, Panel } from '../../design/page.tsx'
import { SqlView } from '../../design/sql-view.tsx'
import { EmptyState, FailedState, FailureNote, LoadingRows } from '../../design/states.tsx'
import { StatusBadge, StatusMark } from '../../design/status-mark.tsx'
import { changesetLook, RUN_STATUSES, runLook, type Tone } from '../../design/status.ts'
import { durationText } from '../../design/time.tsx'
import classes from './design-page.module.css'
import { DesignParts } from './design-parts.tsx'

const SURFACES = ['page', 'surface', 'sunken', 'hover', 'selected', 'line', 'line-strong']
const INKS = ['text', 'dim', 'accent', 'accent-strong', 'link']
const TONES: Tone[] = ['success', 'failure', 'running', 'waiting', 'idle']
const STATES = ['deployed', 'pending', 'failed', 'changed', 'unknown', 'rolled-back', 'skipped'] as const
const EXAMPLE = new ApiProblem({
  code: 'DATABASE_UNREACHABLE',
  status: 502,
  message:
    'Nothing answers at "db.internal:5432". Check the host and port of the connector "shop_staging", and whether the delegate may reach it.',
  correlationId: '01k9example',
})

/** Everything that pages are made of, on one page: what differs from this is a mistake. */
export function DesignPage() {
  return (
    <Page title="Design language" subtitle="What every page is made of. Look at it in light and in dark.">
      <Panel title="Colour">
        <div className={classes.swatches}>
          {[...SURFACES, ...INKS].map((name) => (
            <div key={name}>
              <span style={{ background: `var(--s-${name})` }} />
              <code>{name}</code>
            </div>
          ))}
          {TONES.map((tone) => (
            <div key={tone}>
              <span style={{ background: `var(--s-${tone}-wash)`, color: `var(--s-${tone})` }}>Aa</span>
              <code>{tone}</code>
            </div>
          ))}
        </div>
      </Panel>
      <Panel title="Status of runs, stages and steps">
        <Group gap="xs">
          {RUN_STATUSES.map((status) => (
            <StatusBadge key={status} look={runLook(status)} />
          ))}
        </Group>
      </Panel>
      <Panel title="State of a changeset in one database">
        <Group gap="md">
          {STATES.map((state) => (
            <Group key={state} gap={6}>
              <StatusMark look={changesetLook(state)} isLabelled /> {changesetLook(state).label}
            </Group>
          ))}
        </Group>
      </Panel>
      <Panel title="Type">
        <Stack gap={6}>
          <h1 className={classes.type}>Page title, 20 / 620</h1>
          <h2 className={classes.type}>Part of a page, 16 / 600</h2>
          <div>Text, 13.5. Words are short, numbers line up: 1,204 · 311 · {durationText(84_000)}</div>
          <div className={classes.dim}>Dim text, for what is beside the point but still read.</div>
          <code>code, SQL and logs in JetBrains Mono</code>
        </Stack>
      </Panel>
      <Panel title="Controls">
        <Stack gap="sm">
          <Group gap="xs">
            <Button leftSection={<IconPlus size={15} />}>Primary</Button>
            <Button variant="default">Secondary</Button>
            <Button variant="subtle">Quiet</Button>
            <Button color="red" variant="light">
              Dangerous
            </Button>
            <Button loading>Working</Button>
            <Button disabled>Disabled</Button>
          </Group>
          <Group gap="sm" align="flex-end">
            <TextInput label="Name" placeholder="orders" w={220} />
            <TextInput label="With a problem" defaultValue="2 words" error="Letters, digits and _ only" w={220} />
            <Select label="Choice" data={['staging', 'production']} defaultValue="staging" w={180} />
            <Switch label="Switch" defaultChecked />
          </Group>
        </Stack>
      </Panel>
      <Panel title="SQL to read">
        <SqlView
          label="Example of SQL"
          sql={"-- sizes of orders\ncreate index concurrently orders_total on orders (total) where state = 'paid';"}
        />
      </Panel>
      <Panel title="Facts">
        <Facts
          rows={[
            ['Changelog', <code key="c">db/changelog.yaml</code>],
            ['Branch', 'main'],
            ['Last look', '3 min. ago'],
          ]}
        />
      </Panel>
      <div className={classes.states}>
        <Panel title="Loading">
          <LoadingRows rows={4} />
        </Panel>
        <Panel title="Empty">
          <EmptyState
            icon={<IconDatabase size={26} stroke={1.6} />}
            title="No databases yet"
            action={<Button>Connect one</Button>}
          >
            Connect one, and its history shows here.
          </EmptyState>
        </Panel>
        <Panel title="Failed">
          <FailedState error={EXAMPLE} onRetry={() => undefined} />
        </Panel>
        <Panel title="No permission">
          <FailedState
            error={
              new ApiProblem({
                code: 'ACCESS_DENIED',
                status: 403,
                message: 'You need core_audit_view in this account to read the audit trail. Ask an administrator.',
                correlationId: '01k9example',
              })
            }
          />
        </Panel>
      </div>
      <DesignParts />
      <Panel title="A failure beside what failed">
        <FailureNote error={EXAMPLE} />
      </Panel>
      <DataTable
        label="Example of a list"
        rows={[
          { id: 'orders', runs: 41 },
          { id: 'billing', runs: 7 },
        ]}
        rowKey={(row) => row.id}
        empty={null}
        columns={[
          { key: 'id', header: 'Name', cell: (row) => row.id },
          { key: 'runs', header: 'Runs', align: 'right', width: 120, cell: (row) => row.runs },
        ]}
        paging={{ pageIndex: 0, pageSize: 20, total: 2, onPage: () => undefined }}
      />
      <DataTable
        label="Example of a list that loads"
        isTwoLine
        rows={undefined}
        rowKey={() => ''}
        empty={null}
        columns={[{ key: 'id', header: 'Name', cell: () => null }]}
        paging={{ pageIndex: 0, pageSize: 3, total: 0, onPage: () => undefined }}
      />
    </Page>
  )
}
