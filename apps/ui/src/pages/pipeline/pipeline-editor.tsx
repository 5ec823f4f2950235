import { Button } from '@mantine/core'
import { useHotkeys } from '@mantine/hooks'
import { IconAlertTriangle, IconCheck, IconLoader2 } from '@tabler/icons-react'
import { useQuery } from '@tanstack/react-query'
import { useDeferredValue, useMemo, useState } from 'react'
import { pipelineSchemaQuery } from '../../api/pipelines.ts'
import { EmptyState, FailureNote } from '../../design/states.tsx'
import { LazyYamlEditor } from '../../editor/lazy-yaml-editor.tsx'
import { LazyPipelineGraph } from '../../graph/lazy-pipeline-graph.tsx'
import classes from './pipeline-editor.module.css'
import { useProblems } from './use-problems.ts'
import { structureOf } from './yaml-structure.ts'

interface PipelineEditorProps {
  yaml: string
  onChange: (yaml: string) => void
  onSave: () => void
  isReadOnly: boolean
}

/** YAML beside the picture of it. Both are always of the same text; choosing a node moves the cursor, and back. */
export function PipelineEditor({ yaml, onChange, onSave, isReadOnly }: PipelineEditorProps) {
  const schema = useQuery(pipelineSchemaQuery())
  const check = useProblems(yaml)
  const problems = useMemo(() => check.data?.problems ?? [], [check.data])
  const text = useDeferredValue(yaml)
  const structure = useMemo(() => structureOf(text, problems), [text, problems])
  const [line, setLine] = useState(1)
  const [reveal, setReveal] = useState<{ line: number; at: number }>()
  const goTo = (target: number | undefined): void => {
    if (target !== undefined) setReveal({ line: target, at: Date.now() })
  }
  useHotkeys([['mod+S', onSave]], [], true)
  return (
    <div className={classes.split}>
      <section className={classes.text} aria-label="YAML">
        <div className={classes.editor}>
          <LazyYamlEditor
            label="Pipeline YAML"
            value={yaml}
            onChange={onChange}
            schema={schema.data}
            problems={problems}
            onLine={setLine}
            reveal={reveal}
            isReadOnly={isReadOnly}
          />
        </div>
        <footer className={classes.problems} data-kind={check.isError || problems.length > 0 ? 'problem' : 'fine'}>
          {check.isError ? (
            <FailureNote error={check.error} onRetry={() => void check.refetch()} />
          ) : (
            <ProblemList
              problems={problems}
              isChecking={check.isFetching || check.isPending}
              onOpen={(problem) => goTo(problem.line)}
            />
          )}
        </footer>
      </section>
      <section className={classes.graph} aria-label="Picture">
        {structure.stages.length === 0 ? (
          <EmptyState title="No stages yet">
            Each stage under <code>pipeline.stages</code> shows here as you write it.
          </EmptyState>
        ) : (
          <LazyPipelineGraph
            label="Picture of the pipeline"
            stages={structure.stages}
            selectedId={structure.nodeAt(line)}
            onSelect={(id) => goTo(structure.lineOf[id])}
          />
        )}
      </section>
    </div>
  )
}

interface ProblemListProps {
  problems: readonly { message: string; line?: number; column?: number; path?: string }[]
  isChecking: boolean
  onOpen: (problem: { line?: number }) => void
}

function ProblemList({ problems, isChecking, onOpen }: ProblemListProps) {
  if (problems.length === 0) {
    return (
      <div className={classes.verdict} role="status">
        {isChecking ? <IconLoader2 size={15} aria-hidden /> : <IconCheck size={15} aria-hidden />}
        {isChecking ? 'Checking …' : 'No problems'}
      </div>
    )
  }
  return (
    <>
      <div className={classes.verdict} role="status">
        <IconAlertTriangle size={15} aria-hidden />
        {problems.length === 1 ? '1 problem' : `${problems.length} problems`}
      </div>
      <ul>
        {problems.map((problem) => (
          <li key={`${problem.line ?? ''}:${problem.column ?? ''}${problem.path ?? ''}${problem.message}`}>
            <Button variant="subtle" color="gray" size="compact-xs" onClick={() => onOpen(problem)}>
              {problem.line === undefined ? 'File' : `Line ${problem.line}`}
            </Button>
            <span>{problem.message}</span>
          </li>
        ))}
      </ul>
    </>
  )
}
