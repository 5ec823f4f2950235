import { ActionIcon, Button, Menu, Modal, TextInput, Tooltip } from '@mantine/core'
import { useDebouncedValue, useHotkeys } from '@mantine/hooks'
import {
  IconArrowDown,
  IconArrowUp,
  IconChevronDown,
  IconChevronRight,
  IconClock,
  IconDownload,
  IconFold,
  IconSearch,
} from '@tabler/icons-react'
import { useLocation, useNavigate } from '@tanstack/react-router'
import { type KeyboardEvent, useEffect, useLayoutEffect, useMemo, useRef, useState } from 'react'
import { urlOf } from '../api/call.ts'
import { CopyButton } from '../design/copy-button.tsx'
import { FailedState, FailureNote, LoadingRows } from '../design/states.tsx'
import { LogLineRow } from './log-line-row.tsx'
import classes from './log-viewer.module.css'
import { layOutSections } from './section-rows.ts'
import { type Log, useLog } from './use-log.ts'
import { type Scan, useScan } from './use-scan.ts'
import { ROW_PX, useWindow } from './use-window.ts'

const SEARCH_DELAY_MS = 250
/** Nearer to the end than this means that the reader follows. */
const FOLLOW_PX = 30

interface LogViewerProps {
  logKey: string
  /** Whether the step still runs: the end is followed from the start. */
  isLive: boolean
}

/** A step's log: live, by sections, with search, links to lines and download; a million lines scroll like a hundred. */
export function LogViewer({ logKey, isLive }: LogViewerProps) {
  return <Viewer key={logKey} logKey={logKey} isLive={isLive} />
}

function Viewer({ logKey, isLive }: LogViewerProps) {
  const log = useLog(logKey)
  const { model } = log
  const [typed, setTyped] = useState('')
  const [search] = useDebouncedValue(typed, SEARCH_DELAY_MS)
  const [match, setMatch] = useState(0)
  const [hasTimes, setHasTimes] = useState(false)
  const [folded, setFolded] = useState<ReadonlySet<number>>(new Set())
  const [whole, setWhole] = useState<number>()
  const outline = useScan(logKey, '', model.total, model.isComplete)
  const found = useScan(logKey, search, search === '' ? 0 : model.total, model.isComplete)
  const rows = useMemo(
    () => layOutSections(outline.sections, model.total, folded),
    [outline.sections, model.total, folded],
  )
  const scroller = useRef<HTMLDivElement>(null)
  const searchField = useRef<HTMLInputElement>(null)
  const window_ = useWindow(scroller, rows.rowCount)
  const linked = useLinkedLine()
  const [isFollowing, setFollowing] = useState(isLive && linked.seq === undefined)
  useHotkeys([['/', () => searchField.current?.focus()]])

  const seqs = []
  for (let row = window_.first; row < window_.end; row += 1) {
    const shown = rows.rowAt(row)
    if (shown?.kind === 'line') seqs.push(shown.seq)
  }
  const [firstSeq, lastSeq] = [seqs[0], seqs.at(-1)]
  const { want } = log
  useEffect(() => {
    if (firstSeq !== undefined && lastSeq !== undefined) want(firstSeq, lastSeq)
  })

  useLayoutEffect(() => {
    const element = scroller.current
    if (isFollowing && element !== null) element.scrollTop = element.scrollHeight
  }, [isFollowing, rows.rowCount, window_.height])

  const goTo = (seq: number): void => {
    const section = rows.sectionOf(seq)
    const next = new Set(folded)
    if (section !== undefined) next.delete(section.firstSeq)
    setFolded(next)
    setFollowing(false)
    const row = layOutSections(outline.sections, model.total, next).rowOf(seq)
    requestAnimationFrame(() => {
      if (scroller.current !== null) scroller.current.scrollTop = window_.scrollTopOf(row)
    })
  }
  const target = linked.seq
  const isTargetThere = target !== undefined && target <= model.total && outline.scannedTo > 0
  useEffect(() => {
    if (target !== undefined && isTargetThere) goTo(target)
    // Only when the link changes or its line comes into being.
  }, [target, isTargetThere])

  const matches = search === '' ? [] : found.matches
  const currentMatch = matches[Math.min(match, matches.length - 1)]
  const step = (by: number): void => {
    if (matches.length === 0) return
    const next = (match + by + matches.length) % matches.length
    setMatch(next)
    const seq = matches[next]
    if (seq !== undefined) goTo(seq)
  }
  useEffect(() => {
    setMatch(0)
    const first = matches[0]
    if (first !== undefined) goTo(first)
    // A new search begins at its first match.
  }, [search, matches.length > 0])
  const onSearchKey = (event: KeyboardEvent): void => {
    if (event.key === 'Enter') {
      event.preventDefault()
      step(event.shiftKey ? -1 : 1)
    }
    if (event.key === 'Escape' && typed !== '') {
      event.stopPropagation()
      setTyped('')
    }
  }

  if (log.error !== undefined && model.total === 0) return <FailedState error={log.error} onRetry={log.retry} />
  const isAllFolded = outline.sections.length > 0 && folded.size === outline.sections.length
  return (
    <div className={classes.viewer}>
      <div className={classes.toolbar}>
        <TextInput
          ref={searchField}
          size="xs"
          aria-label="Search this log"
          placeholder="Search"
          leftSection={<IconSearch size={14} />}
          value={typed}
          onChange={(event) => setTyped(event.currentTarget.value)}
          onKeyDown={onSearchKey}
          className={classes.search}
        />
        <span className={classes.count} aria-live="polite">
          {search === '' ? '' : countText(matches.length === 0 ? 0 : match + 1, matches.length, found)}
        </span>
        <ActionIcon aria-label="Previous match" disabled={matches.length === 0} onClick={() => step(-1)}>
          <IconArrowUp size={15} />
        </ActionIcon>
        <ActionIcon aria-label="Next match" disabled={matches.length === 0} onClick={() => step(1)}>
          <IconArrowDown size={15} />
        </ActionIcon>
        <span className={classes.gap} />
        <LogState log={log} />
        <Tooltip label={isAllFolded ? 'Unfold all sections' : 'Fold all sections'}>
          <ActionIcon
            aria-label={isAllFolded ? 'Unfold all sections' : 'Fold all sections'}
            disabled={outline.sections.length === 0}
            onClick={() => setFolded(new Set(isAllFolded ? [] : outline.sections.map((section) => section.firstSeq)))}
          >
            <IconFold size={16} />
          </ActionIcon>
        </Tooltip>
        <Tooltip label={hasTimes ? 'Hide times' : 'Show times'}>
          <ActionIcon
            aria-label="Show times"
            aria-pressed={hasTimes}
            variant={hasTimes ? 'light' : 'subtle'}
            onClick={() => setHasTimes(!hasTimes)}
          >
            <IconClock size={16} />
          </ActionIcon>
        </Tooltip>
        <Menu position="bottom-end">
          <Menu.Target>
            <ActionIcon aria-label="Download this log">
              <IconDownload size={16} />
            </ActionIcon>
          </Menu.Target>
          <Menu.Dropdown>
            <Menu.Item component="a" href={urlOf('readLog', { query: { key: logKey, as: 'text' } })} download>
              As text
            </Menu.Item>
            <Menu.Item component="a" href={urlOf('readLog', { query: { key: logKey } })} download="log.ndjson">
              As NDJSON
            </Menu.Item>
          </Menu.Dropdown>
        </Menu>
      </div>
      {log.error === undefined ? null : (
        <div className={classes.problem}>
          <FailureNote error={log.error} />
        </div>
      )}
      <div
        ref={scroller}
        className={classes.scroller}
        tabIndex={0}
        role="region"
        aria-label="Log"
        onScroll={(event) => {
          const { scrollTop, clientHeight, scrollHeight } = event.currentTarget
          setFollowing(!model.isComplete && scrollTop + clientHeight >= scrollHeight - FOLLOW_PX)
        }}
      >
        {log.state === 'reading' ? <LoadingRows rows={8} height={14} /> : null}
        <div className={classes.box} style={{ height: window_.height }}>
          <div className={classes.rows} style={{ transform: `translateY(${window_.offset}px)` }}>
            {Array.from({ length: Math.max(0, window_.end - window_.first) }, (_, index) => {
              const row = rows.rowAt(window_.first + index)
              if (row === undefined) return null
              if (row.kind === 'section') {
                const { section, isFolded } = row
                return (
                  <button
                    key={`s${section.firstSeq}`}
                    type="button"
                    className={classes.section}
                    data-level={section.level}
                    aria-expanded={!isFolded}
                    style={{ height: ROW_PX }}
                    onClick={() => setFolded(toggled(folded, section.firstSeq))}
                  >
                    {isFolded ? <IconChevronRight size={14} /> : <IconChevronDown size={14} />}
                    {section.unit}
                    <small>{linesText(section.lastSeq - section.firstSeq + 1)}</small>
                  </button>
                )
              }
              return (
                <LogLineRow
                  key={row.seq}
                  seq={row.seq}
                  line={model.line(row.seq)}
                  hasTime={hasTimes}
                  highlight={search}
                  isCurrent={row.seq === currentMatch || row.seq === target}
                  onLink={linked.link}
                  onWhole={setWhole}
                />
              )
            })}
          </div>
        </div>
        {log.state === 'ended' && model.total === 0 ? <p className={classes.nothing}>This step wrote no log.</p> : null}
        {log.state === 'open' && model.total === 0 ? (
          <p className={classes.nothing}>Waiting for the first line …</p>
        ) : null}
      </div>
      {!isFollowing && !model.isComplete && model.total > 0 ? (
        <Button
          className={classes.follow}
          size="compact-xs"
          leftSection={<IconArrowDown size={13} />}
          onClick={() => setFollowing(true)}
        >
          Follow
        </Button>
      ) : null}
      {whole === undefined ? null : (
        <WholeLine text={model.line(whole)?.text ?? ''} seq={whole} onClose={() => setWhole(undefined)} />
      )}
    </div>
  )
}

function countText(current: number, count: number, { isRunning, error }: Scan): string {
  if (error !== undefined) return 'Search failed, trying again'
  if (count === 0) return isRunning ? 'Searching …' : 'No match'
  return `${current.toLocaleString()} of ${count.toLocaleString()}${isRunning ? '+' : ''}`
}

function linesText(count: number): string {
  return `${count.toLocaleString()} ${count === 1 ? 'line' : 'lines'}`
}

function toggled(set: ReadonlySet<number>, item: number): ReadonlySet<number> {
  const next = new Set(set)
  if (!next.delete(item)) next.add(item)
  return next
}

function LogState({ log }: { log: Log }) {
  const lines = linesText(log.model.total)
  const isLost = log.state === 'lost'
  const word = log.model.isComplete ? lines : isLost ? 'Reconnecting …' : log.state === 'open' ? `Live · ${lines}` : '…'
  return (
    <span
      className={classes.state}
      data-live={log.state === 'open' && !log.model.isComplete ? true : undefined}
      data-lost={isLost ? true : undefined}
      role="status"
    >
      {word}
    </span>
  )
}

/** The line in the address, `#L120`. */
function useLinkedLine(): { seq: number | undefined; link: (seq: number) => void } {
  const hash = useLocation({ select: (location) => location.hash })
  const navigate = useNavigate()
  const number = /^L(\d{1,9})$/.exec(hash)?.[1]
  return {
    seq: number === undefined ? undefined : Number(number),
    link: (seq) => void navigate({ to: '.', search: true, hash: `L${seq}`, replace: true, hashScrollIntoView: false }),
  }
}

function WholeLine({ text, seq, onClose }: { text: string; seq: number; onClose: () => void }) {
  return (
    <Modal
      opened
      onClose={onClose}
      size="xl"
      title={`Line ${seq.toLocaleString()}, ${text.length.toLocaleString()} characters`}
    >
      <CopyButton value={text} label="Copy line" />
      <pre className={classes.whole}>{text}</pre>
    </Modal>
  )
}
