import { useEffect, useRef, useState } from 'react'
import { call } from './call.ts'
import { session } from './session.ts'

/** `open`: live. `lost`: the browser tries again. `ended`: the stream said that nothing follows. */
export type StreamState = 'connecting' | 'open' | 'lost' | 'ended'

interface StreamOptions {
  /** Address of the stream, or undefined for none. */
  url: string | undefined
  /** Address to go on at where the server refused or broke off, which knows what is here already; `url` unless told. */
  urlAgain?: () => string
  /** Called with the parsed data of each event. `event: end` ends the stream. */
  onEvent: (name: string, data: unknown, id: string) => void
  /** Names of the events to listen to. */
  events: readonly string[]
  /** Called at each reconnect: what happened in between has to be read again. */
  onReopen?: () => void
}

/** First wait before an ended connection is opened again; doubles up to the longest. */
const RETRY_MS = 500
const RETRY_MAX_MS = 10_000

/**
 * Follows server-sent events while the component is mounted. The browser reconnects by itself where the connection
 * broke; where the server refused (an ended session, a service that starts), this opens it again.
 */
export function useEventStream({ url, urlAgain, onEvent, events, onReopen }: StreamOptions): StreamState {
  const [state, setState] = useState<StreamState>('connecting')
  const handlers = useRef({ onEvent, onReopen, urlAgain })
  useEffect(() => {
    handlers.current = { onEvent, onReopen, urlAgain }
  })
  const names = events.join(',')
  useEffect(() => {
    if (url === undefined) return
    let source: EventSource | undefined
    let timer: ReturnType<typeof setTimeout> | undefined
    let retryMs = RETRY_MS
    let wasOpen = false
    let isOver = false
    const finish = (): void => {
      isOver = true
      source?.close()
      setState('ended')
    }
    const open = (): void => {
      timer = undefined
      source = new EventSource(wasOpen ? (handlers.current.urlAgain?.() ?? url) : url)
      source.addEventListener('open', () => {
        retryMs = RETRY_MS
        if (wasOpen) handlers.current.onReopen?.()
        wasOpen = true
        setState('open')
      })
      for (const name of names.split(',')) {
        source.addEventListener(name, (event: MessageEvent<string>) => {
          handlers.current.onEvent(name, event.data === '' ? undefined : JSON.parse(event.data), event.lastEventId)
        })
      }
      source.addEventListener('end', finish)
      source.addEventListener('error', () => {
        if (isOver) return
        setState('lost')
        if (source?.readyState !== EventSource.CLOSED) return
        // The browser does not say why it was refused. If the session has ended, this call finds out, and the dialog asks.
        if (!session.isExpired()) void call('getCurrentUser', {}).catch(() => undefined)
        timer = setTimeout(open, session.isExpired() ? RETRY_MAX_MS : retryMs)
        retryMs = Math.min(retryMs * 2, RETRY_MAX_MS)
      })
    }
    open()
    // Whoever has signed in again does not wait for the next try.
    const unsubscribe = session.subscribe(() => {
      if (session.isExpired() || timer === undefined) return
      clearTimeout(timer)
      retryMs = RETRY_MS
      open()
    })
    return () => {
      isOver = true
      unsubscribe()
      clearTimeout(timer)
      source?.close()
    }
  }, [url, names])
  return url === undefined ? 'ended' : state
}
