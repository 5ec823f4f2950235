import { CloseButton, TextInput } from '@mantine/core'
import { useDebouncedCallback } from '@mantine/hooks'
import { IconSearch } from '@tabler/icons-react'
import { useState } from 'react'

const SEARCH_DELAY_MS = 200

/** Search that a page keeps in its address: told after a pause in typing, at once on Enter and when cleared. */
export function SearchField({
  label,
  value,
  onSearch,
  width = 260,
}: {
  label: string
  value: string
  onSearch: (term: string) => void
  width?: number
}) {
  const [text, setText] = useState(value)
  const [told, setTold] = useState(value)
  // The address changed by itself: back, forward, a link.
  if (told !== value) {
    setTold(value)
    if (text.trim() !== value) setText(value)
  }
  const tell = useDebouncedCallback(onSearch, SEARCH_DELAY_MS)
  const tellNow = (term: string): void => {
    setText(term)
    tell.cancel()
    onSearch(term.trim())
  }
  return (
    <TextInput
      type="search"
      aria-label={label}
      placeholder={label}
      w={width}
      leftSection={<IconSearch size={15} aria-hidden />}
      rightSection={
        text === '' ? null : <CloseButton size="sm" aria-label="Clear search" onClick={() => tellNow('')} />
      }
      value={text}
      onChange={(event) => {
        setText(event.currentTarget.value)
        tell(event.currentTarget.value.trim())
      }}
      onKeyDown={(event) => {
        if (event.key === 'Enter') tellNow(text)
        if (event.key === 'Escape' && text !== '') tellNow('')
      }}
    />
  )
}
