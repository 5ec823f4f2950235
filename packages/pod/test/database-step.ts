import type { StepEvent, StepOutcome } from '../src/index.ts'

export const changelog = `--liquibase formatted sql
--changeset ana:1
create table orders (id int primary key, note text);
--rollback drop table orders;
--changeset ana:2
insert into orders values (1, 'first'), (2, 'second');
`

export interface Step {
  run: Record<string, unknown>
  url: string
  source?: Record<string, unknown>
  username?: string
  location?: string
  lockWaitMs?: number
  filters?: Record<string, unknown>
  traceparent?: string
}

export async function finish(stream: AsyncIterable<StepEvent>): Promise<{ outcome: StepOutcome; events: StepEvent[] }> {
  const events: StepEvent[] = []
  for await (const event of stream) events.push(event)
  const last = events.at(-1)
  if (last?.kind !== 'result') throw new Error('no result')
  return { outcome: last.outcome, events }
}

export function documentOf(outcome: StepOutcome, name: string): unknown {
  return JSON.parse(outcome.documents.find((document) => document.name === name)?.bytes.toString('utf8') ?? 'null')
}
