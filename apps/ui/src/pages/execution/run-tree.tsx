import { IconChevronDown, IconChevronRight } from '@tabler/icons-react'
import { type KeyboardEvent, memo, useCallback, useEffect, useId, useMemo, useRef, useState } from 'react'
import { StatusMark } from '../../design/status-mark.tsx'
import { runLook } from '../../design/status.ts'
import { Duration } from '../../design/time.tsx'
import { rowsOf, type StructureNode, type StructureRow } from '../../graph/structure.ts'
import classes from './run-tree.module.css'

interface RunTreeProps {
  stages: readonly StructureNode[]
  selectedId: string | undefined
  onSelect: (id: string) => void
}

/** Stages, groups and steps as a tree: the way through a run by keyboard, and the way that stays usable with 300 steps. */
export function RunTree({ stages, selectedId, onSelect }: RunTreeProps) {
  const [folded, setFolded] = useState<ReadonlySet<string>>(new Set())
  const treeId = useId()
  const tree = useRef<HTMLDivElement>(null)
  const rows = useMemo(() => visible(rowsOf(stages), folded), [stages, folded])
  const index = rows.findIndex(({ node }) => node.id === selectedId)
  useEffect(() => {
    const row = index === -1 ? undefined : tree.current?.querySelector(`[data-row="${index}"]`)
    row?.scrollIntoView({ block: 'nearest' })
  }, [index])

  const fold = useCallback((id: string, isFolded: boolean): void => {
    setFolded((before) => {
      const next = new Set(before)
      if (isFolded) next.add(id)
      else next.delete(id)
      return next
    })
  }, [])
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.metaKey || event.ctrlKey || event.altKey) return
    const current = rows[index]
    const go = (row: StructureRow | undefined): void => {
      if (row !== undefined) onSelect(row.node.id)
    }
    const isOpen = current !== undefined && current.node.children.length > 0 && !folded.has(current.node.id)
    switch (event.key) {
      case 'ArrowDown':
        go(rows[index + 1])
        break
      case 'ArrowUp':
        go(rows[index - 1])
        break
      case 'Home':
        go(rows[0])
        break
      case 'End':
        go(rows.at(-1))
        break
      case 'ArrowRight':
        if (isOpen) go(rows[index + 1])
        else if (current !== undefined) fold(current.node.id, false)
        break
      case 'ArrowLeft':
        if (isOpen) fold(current.node.id, true)
        else if (current?.parentId !== undefined) onSelect(current.parentId)
        break
      default:
        return
    }
    event.preventDefault()
  }
  return (
    <div
      ref={tree}
      role="tree"
      aria-label="Stages and steps"
      className={classes.tree}
      tabIndex={0}
      aria-activedescendant={index === -1 ? undefined : `${treeId}-${index}`}
      onKeyDown={onKeyDown}
    >
      {rows.map(({ node, depth }, at) => (
        <Row
          key={node.id}
          elementId={`${treeId}-${at}`}
          at={at}
          id={node.id}
          kind={node.kind}
          name={node.name}
          depth={depth}
          status={node.run?.status ?? ''}
          startedAt={node.run?.startedAt ?? null}
          endedAt={node.run?.endedAt ?? null}
          isSelected={node.id === selectedId}
          isOpen={node.children.length === 0 ? undefined : !folded.has(node.id)}
          onSelect={onSelect}
          onFold={fold}
        />
      ))}
    </div>
  )
}

function visible(rows: readonly StructureRow[], folded: ReadonlySet<string>): StructureRow[] {
  const hidden = new Set<string>()
  return rows.filter(({ node, parentId }) => {
    const isHidden = parentId !== undefined && (hidden.has(parentId) || folded.has(parentId))
    if (isHidden) hidden.add(node.id)
    return !isHidden
  })
}

interface RowProps {
  elementId: string
  at: number
  id: string
  kind: StructureNode['kind']
  name: string
  depth: number
  status: string
  startedAt: number | null
  endedAt: number | null
  isSelected: boolean
  isOpen: boolean | undefined
  onSelect: (id: string) => void
  onFold: (id: string, isFolded: boolean) => void
}

// Only what a row shows: an event that changes one step draws one row anew.
const Row = memo(function Row(props: RowProps) {
  const { elementId, at, id, kind, name, depth, status, isSelected, isOpen, onSelect, onFold, startedAt, endedAt } =
    props
  const look = runLook(status)
  const Chevron = isOpen === true ? IconChevronDown : IconChevronRight
  return (
    <div
      id={elementId}
      role="treeitem"
      aria-level={depth + 1}
      aria-selected={isSelected}
      aria-expanded={isOpen}
      aria-label={`${name}, ${look.label}`}
      data-row={at}
      data-kind={kind}
      data-tone={look.tone}
      className={classes.row}
      style={{ paddingLeft: 6 + depth * 16 }}
      onClick={() => onSelect(id)}
    >
      <span
        className={classes.fold}
        onClick={(event) => {
          if (isOpen === undefined) return
          event.stopPropagation()
          onFold(id, isOpen)
        }}
      >
        {isOpen === undefined ? null : <Chevron size={13} aria-hidden />}
      </span>
      <StatusMark look={look} size={16} isLabelled />
      <span className={classes.name}>{name}</span>
      {startedAt === null ? null : (
        <span className={classes.took}>
          <Duration startedAt={startedAt} endedAt={endedAt} />
        </span>
      )}
    </div>
  )
})
