import { TagsInput } from '@mantine/core'
import classes from './tags.module.css'

/** Words in small frames: tags, selectors, roles. A dash where there are none. */
export function TagList({ tags, none = '–' }: { tags: readonly string[]; none?: string }) {
  if (tags.length === 0) return <span className={classes.none}>{none}</span>
  return (
    <span className={classes.list}>
      {tags.map((tag) => (
        <span key={tag} className={classes.tag}>
          {tag}
        </span>
      ))}
    </span>
  )
}

/** Tags of an entity as words: `env=production`, or the name alone. */
export function tagWords(tags: Readonly<Record<string, string>>): string[] {
  return Object.entries(tags).map(([name, value]) => (value === '' ? name : `${name}=${value}`))
}

/** Tags of an entity from words, the inverse of {@link tagWords}. */
export function tagsOf(words: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    words.flatMap((word): [string, string][] => {
      const at = word.indexOf('=')
      const name = (at === -1 ? word : word.slice(0, at)).trim()
      return name === '' ? [] : [[name, at === -1 ? '' : word.slice(at + 1).trim()]]
    }),
  )
}

interface TagsFieldProps {
  value: Record<string, string>
  onChange: (tags: Record<string, string>) => void
  error?: string
}

/** Tags of an entity: `name` or `name=value`, each ended by Enter or a comma. */
export function TagsField({ value, onChange, error }: TagsFieldProps) {
  return (
    <TagsInput
      label="Tags"
      description="name or name=value, each with Enter"
      error={error}
      value={tagWords(value)}
      onChange={(words) => onChange(tagsOf(words))}
    />
  )
}
