import { Button, Drawer } from '@mantine/core'
import { useMutation } from '@tanstack/react-query'
import { call } from '../../api/call.ts'
import { CodeBlock } from '../../design/code-block.tsx'
import { CopyButton } from '../../design/copy-button.tsx'
import { DrawerSection } from '../../design/drawer-section.tsx'
import { Facts } from '../../design/page.tsx'
import { EmptyState, FailureNote } from '../../design/states.tsx'
import { dateText } from '../../design/time.tsx'
import { ACTIONS } from './audit-search.ts'
import classes from './audit.module.css'
import { type AuditEvent, placeText, resourceText } from './event-text.ts'

/** One event with everything that was noted, and its place in the chain. */
export function AuditDrawer({ event, onClose }: { event: AuditEvent | undefined; onClose: () => void }) {
  return (
    <Drawer
      opened
      onClose={onClose}
      size="lg"
      title={
        event === undefined ? 'Event' : `${ACTIONS[event.action]}: ${event.resource.name ?? event.resource.identifier}`
      }
    >
      {event === undefined ? (
        <EmptyState title="This event is not on this page of the list">
          Clear the filters, or page on, to see it.
        </EmptyState>
      ) : (
        <EventDetails event={event} />
      )}
    </Drawer>
  )
}

function EventDetails({ event }: { event: AuditEvent }) {
  const { resource, principal, source } = event
  const verify = useMutation({
    mutationFn: () => call('verifyAudits', { query: { sequence: event.sequence, hash: event.hash } }),
  })
  return (
    <>
      <DrawerSection>
        <Facts
          rows={[
            ['When', dateText(event.time)],
            ['Who', `${principal.name} (${principal.type.toLowerCase().replaceAll('_', ' ')})`],
            ['Action', ACTIONS[event.action]],
            ['Resource', `${resourceText(resource.type)} ${resource.identifier}`],
            ['Where', placeText(event.scope)],
            ['From address', source?.ip ?? '–'],
            [
              'Correlation id',
              source?.correlationId === undefined ? (
                '–'
              ) : (
                <span key="c" className={classes.hash}>
                  <code>{source.correlationId}</code>
                  <CopyButton value={source.correlationId} label="Copy correlation id" />
                </span>
              ),
            ],
            ['Written by', event.module],
          ]}
        />
      </DrawerSection>
      {event.before === undefined && event.after === undefined ? null : (
        <DrawerSection title="What changed">
          <div className={classes.values}>
            <Value label="Before" value={event.before} />
            <Value label="After" value={event.after} />
          </div>
        </DrawerSection>
      )}
      <DrawerSection title="Place in the chain">
        <Facts
          rows={[
            ['Number', event.sequence.toLocaleString()],
            [
              'Hash',
              <span key="h" className={classes.hash}>
                <code>{event.hash}</code>
                <CopyButton value={event.hash} label="Copy hash" />
              </span>,
            ],
            ['Stored', dateText(event.insertedAt)],
          ]}
        />
        <Button variant="default" loading={verify.isPending} onClick={() => verify.mutate()}>
          Verify up to this event
        </Button>
        <div role="status">{verify.data === undefined ? '' : chainText(verify.data, event.sequence)}</div>
        <FailureNote error={verify.error} />
      </DrawerSection>
    </>
  )
}

function chainText(result: { valid: boolean; headKnown?: boolean; brokenAt?: number }, sequence: number): string {
  if (result.headKnown === false) return 'The chain does not hold this hash at this number: it was changed.'
  if (!result.valid && (result.brokenAt ?? 0) <= sequence)
    return `The chain is broken at event ${result.brokenAt ?? '?'}.`
  return 'This event and all before it are as they were written.'
}

function Value({ label, value }: { label: string; value: unknown }) {
  if (value === undefined) return null
  return (
    <div>
      <div className={classes.label}>{label}</div>
      <CodeBlock label={label} text={JSON.stringify(value, null, 2)} />
    </div>
  )
}
